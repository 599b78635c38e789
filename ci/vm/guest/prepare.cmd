@echo off
rem prepare.cmd DRIVE
rem Makes a Windows ready for `ci/windows-vm run`: at each logon it looks for a
rem CD of npipe and runs what is there. Runs once, as an administrator: at the
rem end of an installation by `ci/windows-vm install`, or by hand.
rem DRIVE is the drive of the CD that this file is on, such as D:.
echo NPIPE PREPARING>COM1
mkdir "%SystemDrive%\npipe-vm"
copy /y "%~1\npipe\logon.cmd" "%SystemDrive%\npipe-vm\logon.cmd"

rem A password that expires after 42 days would stop the automatic logon.
net accounts /maxpwage:unlimited
rem The shutdown that ends a run must write everything: no Fast Startup.
powercfg -h off
powercfg -change -standby-timeout-ac 0
powercfg -change -monitor-timeout-ac 0
powercfg -change -disk-timeout-ac 0
rem A run that was ended from outside must not end in the repair menu.
bcdedit /set {default} recoveryenabled No
bcdedit /set {default} bootstatuspolicy ignoreallfailures
rem No update may restart a machine that runs the suite.
sc config wuauserv start= disabled
reg add HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU /v NoAutoUpdate /t REG_DWORD /d 1 /f

schtasks /create /f /tn npipe-vm /sc onlogon /rl highest /ru "%USERNAME%" /it /tr "cmd /c %SystemDrive%\npipe-vm\logon.cmd"
if errorlevel 1 goto failed
echo NPIPE PREPARED>COM1
shutdown /s /t 5 /f
exit /b 0

:failed
echo NPIPE FAILED no task for the logon>COM1
exit /b 1
