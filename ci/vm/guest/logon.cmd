@echo off
rem logon.cmd: runs at each logon. It looks for the CD that `ci/windows-vm run`
rem attaches, by the file that is named as the CD's label, and starts what is
rem there; else for the folder that docker/windows.compose.yaml shares, for a
rem minute, since the network may not be there yet. Without either it does
rem nothing, so a user can work here.
set "media="
set "share=\\host.lan\Data"
for %%d in (D E F G H I J K) do if exist %%d:\NPIPE_CD set "media=%%d:"
set "tries=0"
:try
if defined media goto found
if exist "%share%\NPIPE_CD" set "media=%share%"
set /a tries=tries+1
if %tries% gtr 30 exit /b 0
if defined media goto found
ping -n 3 127.0.0.1 >nul
goto try
:found
call %media%\npipe\guest.cmd %media%
