@echo off
rem run.cmd [x86_64, i686, aarch64 or all] [--users] [--bench] [--more] [--no-more]
rem         [options of npipe-conformance]
rem Runs the conformance suite of npipe on this Windows. Reports go to the
rem folder reports beside this file: JSON, JUnit XML and the text of the run.
rem Without an architecture: all that this Windows runs. Exit code 0: all passed
rem or did what the expectations say; 1: something did not; 2: nothing was run.
rem
rem --users    makes two local users for the cases about users, and removes them
rem            again. Needs an administrator.
rem --bench    measures, too, which takes some minutes
rem --more     also plays the scripts and probes the system; so does a run
rem            without options of npipe-conformance. --no-more does not.
setlocal
set "here=%~dp0"
set "wanted=all"
set "pause_at_end="
set "users="
set "bench="
set "more="
set "options="

rem A double click starts cmd with this file's own path in its command line. A
rem caller who wants no pause sets CI, as build services do, or gives arguments.
if not "%~1"=="" goto collect
if defined CI goto collected
set "line=%CMDCMDLINE:"=%"
call set "rest=%%line:%~f0=%%"
if not "%line%"=="%rest%" set "pause_at_end=1"
goto collected

:collect
if "%~1"=="" goto collected
if /i "%~1"=="x86_64" goto architecture
if /i "%~1"=="i686" goto architecture
if /i "%~1"=="aarch64" goto architecture
if /i "%~1"=="all" goto architecture
if /i "%~1"=="--users" goto with_users
if /i "%~1"=="--bench" goto with_bench
if /i "%~1"=="--more" goto with_more
if /i "%~1"=="--no-more" goto without_more
set "options=%options% %1"
goto next
:with_users
set "users=1"
goto next
:with_bench
set "bench=1"
goto next
:with_more
set "more=1"
goto next
:without_more
set "more=0"
goto next
:architecture
rem A value of an option, such as --filter, is none of these words.
set "wanted=%~1"
:next
shift
goto collect

:collected
if defined more goto more_is_known
if not defined options set "more=1"
:more_is_known
rem 64-bit programs run on x64, and on ARM64 by emulation. A 32-bit cmd tells
rem the real processor in PROCESSOR_ARCHITEW6432.
set "machine=%PROCESSOR_ARCHITECTURE%"
if defined PROCESSOR_ARCHITEW6432 set "machine=%PROCESSOR_ARCHITEW6432%"
set "has_64="
if /i "%machine%"=="AMD64" set "has_64=1"
if /i "%machine%"=="ARM64" set "has_64=1"

if not exist "%here%reports" mkdir "%here%reports"
if not exist "%here%reports\more" mkdir "%here%reports\more"
set "ran="
set "failed="
if /i "%wanted%"=="i686" goto x86
if /i "%wanted%"=="x86_64" goto x64
if /i "%wanted%"=="aarch64" goto arm64
rem A zip may lack the programs for ARM64 itself; the others are emulated there.
if /i not "%machine%"=="ARM64" goto x64
if not exist "%here%npipe-conformance-aarch64.exe" goto x64
:arm64
if /i not "%machine%"=="ARM64" goto no_arm64
call :suite aarch64
if /i "%wanted%"=="aarch64" goto done
:x64
if not defined has_64 goto no_64
call :suite x86_64
goto x86
:no_arm64
echo aarch64: not run: this Windows is not for ARM64
goto done
:no_64
echo x86_64: not run: this Windows runs 32-bit programs only
if /i "%wanted%"=="x86_64" goto done
:x86
if /i not "%wanted%"=="x86_64" call :suite i686
if defined bench call :measure

:done
set "code=0"
if defined failed set "code=1"
if not defined ran set "code=2"
echo.
if "%code%"=="0" echo All as expected. Reports: %here%reports
if "%code%"=="1" echo FAILED:%failed%. Reports: %here%reports
if "%code%"=="2" echo Nothing was run.
if not "%code%"=="2" echo Please zip the folder "%here%reports" and attach it to an issue of the project that this suite came from.
if defined pause_at_end pause
endlocal & exit /b %code%

:suite
set "exe=%here%npipe-conformance-%1.exe"
set "report=%here%reports\windows-%1"
set "extra=%here%reports\more\windows-%1"
if not exist "%exe%" goto missing
if exist "%report%.json" del "%report%.json"
echo %1: running the suite, which takes about a minute
set "ran=1"
set "result=125"
if not defined users goto suite_alone
rem 125: the users could not be made, and nothing was run.
"%here%npipe-users-%1.exe" "%exe%" --jobs 2 --json "%report%.json" --junit "%report%.xml" %options% >"%report%.txt" 2>&1
set "result=%errorlevel%"
if "%result%"=="125" type "%report%.txt"
if "%result%"=="125" copy /y "%report%.txt" "%extra%.users.txt" >nul
:suite_alone
if not "%result%"=="125" goto suite_done
"%exe%" --jobs 2 --json "%report%.json" --junit "%report%.xml" %options% >"%report%.txt" 2>&1
set "result=%errorlevel%"
:suite_done
type "%report%.txt"
if not "%result%"=="0" set "failed=%failed% %1"
if not "%more%"=="1" exit /b 0

rem What follows answers questions: no answer is a failure.
echo %1: playing scripts, probing the system
"%exe%" --script-play "%here%programs.txt" >"%extra%.script.txt" 2>"%extra%.errors.txt"
"%exe%" --script 1 --script-count 300 >>"%extra%.script.txt" 2>>"%extra%.errors.txt"
"%here%npipe-probe-%1.exe" >"%extra%.probe.json" 2>>"%extra%.errors.txt"
"%exe%" --questions --jobs 2 --json "%extra%.questions.json" >"%extra%.questions.txt" 2>>"%extra%.errors.txt"
exit /b 0
:missing
echo %1: not run: %exe% is missing
exit /b 0

rem Each program prints an object of JSON; 77: it has no such workload.
:measure
set "out=%here%reports\more\windows-x86_64.bench.json"
if not defined has_64 goto no_measure
echo bench: measuring; leave the machine alone for some minutes
>"%out%" echo [
for /l %%r in (1,1,5) do for /f "usebackq tokens=1-4" %%a in ("%here%bench\list.txt") do call :measure_one %%a %%b %%c %%d
>>"%out%" echo null]
exit /b 0
:no_measure
echo bench: not run: it needs a 64-bit Windows
exit /b 0
:measure_one
if not exist "%here%bench\bench-%1.exe" exit /b 0
"%here%bench\bench-%1.exe" %2 %3 %4 >>"%out%" 2>"%here%reports\more\bench-errors.txt"
if errorlevel 1 exit /b 0
>>"%out%" echo ,
exit /b 0
