"""The places where a requirement or its evidence is written: from the short
names of the cases and the expectations to addresses."""
import html
import os
import re
import urllib.parse

WIN32 = "https://learn.microsoft.com/windows/win32/"
DRIVERS = "https://learn.microsoft.com/windows-hardware/drivers/ddi/"
WINE = "https://gitlab.winehq.org/wine/wine/-/blob/master/"
REACTOS = "https://github.com/reactos/reactos/tree/master/"
CYGWIN = "https://cygwin.com/cgit/newlib-cygwin/tree/winsup/cygwin/"
TOKIO_UTIL = "https://docs.rs/tokio-util/latest/tokio_util/codec/"
CODEC = TOKIO_UTIL + "length_delimited/"

# The header of each function of Windows that a case names.
FUNCTIONS = {
    "namedpipeapi": "CallNamedPipeW ConnectNamedPipe CreateNamedPipeW"
                    " DisconnectNamedPipe GetNamedPipeHandleStateW"
                    " GetNamedPipeInfo ImpersonateNamedPipeClient"
                    " PeekNamedPipe SetNamedPipeHandleState"
                    " TransactNamedPipe WaitNamedPipeW",
    "fileapi": "CreateFileW FlushFileBuffers GetFileType ReadFile WriteFile",
    "handleapi": "CloseHandle DuplicateHandle SetHandleInformation",
    "ioapiset": "GetOverlappedResult GetQueuedCompletionStatus",
    "securitybaseapi": "ImpersonateLoggedOnUser RevertToSelf",
    "sddl": "ConvertStringSecurityDescriptorToSecurityDescriptorW"
            " ConvertSidToStringSidW",
    "synchapi": "WaitForMultipleObjects WaitForSingleObject",
    "sysinfoapi": "GetTickCount64",
    "winbase": "GetNamedPipeClientProcessId GetNamedPipeClientSessionId"
               " GetNamedPipeServerProcessId GetNamedPipeServerSessionId"
               " GetNamedPipeClientComputerNameW"
               " SetFileCompletionNotificationModes",
}
PAGES = {
    "CancelIoEx": WIN32 + "fileio/cancelioex-func",
    "CancelSynchronousIo": WIN32 + "fileio/cancelsynchronousio-func",
    "CreateIoCompletionPort": WIN32 + "fileio/createiocompletionport",
    "FILE_MODE_INFORMATION": DRIVERS + "ntifs/ns-ntifs-_file_mode_information",
    "FILE_PIPE_LOCAL_INFORMATION":
        DRIVERS + "ntifs/ns-ntifs-_file_pipe_local_information",
    "GetQueuedCompletionStatusEx":
        WIN32 + "fileio/getqueuedcompletionstatusex-func",
    "IOCompletionPorts": WIN32 + "fileio/i-o-completion-ports",
    "Impersonation Levels": WIN32 + "secauthz/impersonation-levels",
    "OVERLAPPED": WIN32 + "api/minwinbase/ns-minwinbase-overlapped",
    "OVERLAPPED_ENTRY": WIN32 + "api/minwinbase/ns-minwinbase-overlapped_entry",
    "PostQueuedCompletionStatus": WIN32 + "fileio/postqueuedcompletionstatus",
    "SECURITY_ATTRIBUTES":
        WIN32 + "api/wtypesbase/ns-wtypesbase-security_attributes",
    "System Error Codes": WIN32 + "debug/system-error-codes",
    "MS-FSCC": "https://learn.microsoft.com/openspecs/windows_protocols/ms-fscc/",
}
for _header, _names in FUNCTIONS.items():
    for _name in _names.split():
        _page = f"{WIN32}api/{_header}/nf-{_header}-{_name.lower()}"
        PAGES[_name] = _page
        PAGES[_name.removesuffix("W")] = _page


class Sources:
    """Knows where the repository can be read, and the threads of the museum."""

    def __init__(self, repository, bugs):
        self.repository = repository.rstrip("/") + "/"
        self.threads = {}
        for bug in bugs:
            for thread in bug["threads"]:
                project, number = thread.rsplit("#", 1)
                self.threads[f"{project.rsplit('/', 1)[-1]}#{number}"] = thread

    @staticmethod
    def thread(name):
        project, number = name.rsplit("#", 1)
        return f"https://github.com/{project}/issues/{number}"

    def file(self, path, line=None):
        anchor = f"#L{line}" if line and "://" in self.repository else ""
        return self.repository + path + anchor

    def address(self, source):
        """The address of `source`, `Page#section` as a case states it."""
        if source in self.threads:
            return self.thread(self.threads[source])
        page, _, section = source.partition("#")
        anchor = "#" + section if section else ""
        if page.startswith("npipe/"):
            return self.file("src/include/" + page)
        if re.fullmatch(r"np_\w+", page):
            return self.file("src/include/npipe/npipe.h")
        if page.startswith("wine "):
            return WINE + "dlls/" + page.split()[1]
        if page.startswith("reactos"):
            folder = ("modules/rostests/kmtests" if "kmtests" in page
                      else "drivers/filesystems/npfs")
            return REACTOS + folder
        if page.startswith("cygwin"):
            name = page.split()[-1]
            return CYGWIN + ("fhandler/" if name == "pipe.cc" else "") + name
        if page.startswith("tokio_util::codec::length_delimited"):
            if page.endswith("Builder"):
                method = f"#method.{section}" if section else ""
                return CODEC + "struct.Builder.html" + method
            return CODEC + "index.html" + anchor
        if page.startswith("tokio_util::codec::"):
            return TOKIO_UTIL + f"struct.{page.split('::')[-1]}.html"
        if page == "protobuf":
            return f"https://protobuf.dev/programming-guides/encoding/{anchor}"
        if page.startswith("RFC "):
            return f"https://www.rfc-editor.org/rfc/rfc{page[4:]}{anchor}"
        if page in PAGES:
            return PAGES[page] + anchor
        if " " in page or page.startswith("ipc/"):
            name = page.removeprefix("ipc/").lower().replace(",", "")
            return f"{WIN32}ipc/{name.replace(' ', '-')}{anchor}"
        return ("https://learn.microsoft.com/search/?terms="
                + urllib.parse.quote(page))

    def evidence(self, text):
        """`text` as HTML, with the files and threads that it names as links."""
        def link(match):
            word = match[0]
            if "#" in word:
                known = self.threads.get(word, word)
                if "/" not in known:
                    return word
                address = self.thread(known)
            elif word.startswith("http"):
                address = word
            elif word.startswith("npipe/"):
                address = self.file("src/include/" + word)
            elif word.startswith(("conformance/", "sim/", "docs/", "src/")):
                address = self.file(word)
            elif word == "sim.h":
                address = self.file("sim/include/sim/sim.h")
            elif word.startswith("server/"):
                address = WINE + word
            else:
                address = WINE + "dlls/" + word
            return f'<a href="{html.escape(address)}">{word}</a>'

        return re.sub(
            r"https?://[^\s,;]+"
            r"|\b(?:npipe|conformance|sim|docs|src|server|kernelbase"
            r"|kernel32(?:/tests)?|ntdll(?:/tests|/unix)?)/[\w/.]*\w\.[a-z]+\b"
            r"|\bsim\.h\b|\b[\w.-]+(?:/[\w.-]+)?#\d+\b",
            link, html.escape(text, quote=False))


def repository_address(top, folder):
    """The target of the links to the repository: the commit of the CI, or else
    the checkout beside the page."""
    env = os.environ
    if env.get("GITHUB_REPOSITORY") and env.get("GITHUB_SHA"):
        server = env.get("GITHUB_SERVER_URL", "https://github.com")
        return (f"{server}/{env['GITHUB_REPOSITORY']}/blob/"
                f"{env['GITHUB_SHA']}")
    return os.path.relpath(top, folder).replace(os.sep, "/")
