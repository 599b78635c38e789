@echo off
rem run.cmd [x86_64, i686 or all] [options of npipe-conformance]
rem Runs the conformance suite of npipe on this Windows. Reports go to the
rem folder reports beside this file: JSON, JUnit XML and the text of the run.
rem Without an architecture: all that this Windows runs. Exit code 0: all passed
rem or did what the expectations say; 1: something did not; 2: nothing was run.
setlocal
set "here=%~dp0"
set "wanted=all"
set "pause_at_end="

rem A double click starts cmd with this file's own path in its command line. A
rem caller who wants no pause sets CI, as build services do, or gives arguments.
if not "%~1"=="" goto arguments
if defined CI goto arguments
set "line=%CMDCMDLINE:"=%"
call set "rest=%%line:%~f0=%%"
if not "%line%"=="%rest%" set "pause_at_end=1"

:arguments
if /i "%~1"=="x86_64" set "wanted=x86_64"
if /i "%~1"=="i686" set "wanted=i686"
set "options="
if "%~1"=="" goto collected
if /i "%~1"=="%wanted%" shift
:collect
if "%~1"=="" goto collected
set "options=%options% %1"
shift
goto collect

:collected
rem 64-bit programs run on x64, and on ARM64 by emulation. A 32-bit cmd tells
rem the real processor in PROCESSOR_ARCHITEW6432.
set "machine=%PROCESSOR_ARCHITECTURE%"
if defined PROCESSOR_ARCHITEW6432 set "machine=%PROCESSOR_ARCHITEW6432%"
set "has_64="
if /i "%machine%"=="AMD64" set "has_64=1"
if /i "%machine%"=="ARM64" set "has_64=1"

if not exist "%here%reports" mkdir "%here%reports"
set "ran="
set "failed="
if /i "%wanted%"=="i686" goto x86
if not defined has_64 goto no_64
call :suite x86_64
goto x86
:no_64
echo x86_64: not run: this Windows runs 32-bit programs only
if /i "%wanted%"=="x86_64" goto done
:x86
if /i not "%wanted%"=="x86_64" call :suite i686

:done
set "code=0"
if defined failed set "code=1"
if not defined ran set "code=2"
echo.
if "%code%"=="0" echo All as expected. Reports: %here%reports
if "%code%"=="1" echo FAILED:%failed%. Reports: %here%reports
if "%code%"=="2" echo Nothing was run.
if defined pause_at_end pause
endlocal & exit /b %code%

:suite
set "exe=%here%npipe-conformance-%1.exe"
set "report=%here%reports\windows-%1"
if not exist "%exe%" goto missing
echo %1: running the suite, which takes about a minute
set "ran=1"
"%exe%" --jobs 2 --json "%report%.json" --junit "%report%.xml" %options% >"%report%.txt" 2>&1
set "result=%errorlevel%"
type "%report%.txt"
if not "%result%"=="0" set "failed=%failed% %1"
exit /b 0
:missing
echo %1: not run: %exe% is missing
exit /b 0
