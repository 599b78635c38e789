@echo off
rem install.bat: dockurr/windows starts it at the end of the first logon, from
rem C:\OEM. The Windows is off afterwards; each later start runs the suite.
call "%~dp0npipe\prepare.cmd" "%~dp0."
