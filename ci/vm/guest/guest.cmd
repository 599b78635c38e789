@echo off
rem guest.cmd MEDIA: what a run does inside the virtual machine. MEDIA is the
rem drive of the CD, or a shared folder. Results go to the disk that has the
rem file NPIPE_OUT, or to MEDIA where it has that file itself. The host waits for
rem the marks on COM1, and for the machine to be off.
setlocal
set "media=%~1"
set "out="
for %%d in (C D E F G H I J K) do if exist %%d:\NPIPE_OUT set "out=%%d:"
if exist "%media%\NPIPE_OUT" set "out=%media%"
if not defined out goto no_out
ver >%out%\started.txt
echo NPIPE STARTED>COM1

rem The suite writes beside itself, and a CD takes no reports.
set "work=%SystemDrive%\npipe"
if exist "%work%" rmdir /s /q "%work%"
mkdir "%work%"
xcopy /e /q /y %media%\npipe\suite "%work%" >%out%\copy.txt 2>&1
if not exist "%work%\run.cmd" goto no_suite
echo NPIPE COPIED>COM1

set "options="
if exist %media%\npipe\options.txt set /p options=<%media%\npipe\options.txt
rem CI: nothing waits for a key.
set CI=1
call "%work%\run.cmd" %options% >%out%\run.txt 2>&1
set "code=%errorlevel%"
echo NPIPE RAN %code%>COM1
if exist "%work%\reports" xcopy /e /q /y /i "%work%\reports" %out%\reports >>%out%\copy.txt 2>&1
rem The redirection comes first: `echo 1>FILE` would redirect handle 1.
>%out%\exit.txt echo %code%
>%out%\ended.txt echo ended
echo NPIPE ENDED>COM1
goto off

:no_suite
echo NPIPE FAILED the suite could not be copied>COM1
goto off
:no_out
echo NPIPE FAILED there is no disk NPIPE_OUT>COM1
:off
shutdown /s /t 0 /f
