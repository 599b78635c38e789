"""The needs of a virtual machine of each Windows, an entry for each version.

The devices have drivers in Setup of this version. Names and builds of the
versions are in pages/windows.py."""
import dataclasses

from pages import windows


@dataclasses.dataclass(frozen=True)
class Version:
    key: str            # as --version takes it
    firmware: str       # bios or uefi; --firmware overrides it
    disk: str           # ide (machine pc) or ahci (machine q35)
    memory_mb: int
    image_index: int = 1            # the edition in install.wim
    checks_hardware: bool = False   # Setup asks for a TPM and Secure Boot
    wants_network: bool = False     # the first logon asks for a network
    has_account_pages: bool = True  # OOBE has account pages (8 and later)
    x86: bool = False               # a 32-bit edition exists

    @property
    def name(self):
        return windows.NAMES[self.key]


def _server(key, firmware, disk, memory_mb, **more):
    # 1 is Standard without a desktop, 2 is Standard with one.
    return Version(key, firmware, disk, memory_mb, image_index=2, **more)


VERSIONS = {version.key: version for version in (
    # Windows 7 starts by UEFI only with a compatibility module that OVMF lacks.
    Version("7", "bios", "ide", 2048, has_account_pages=False, x86=True),
    Version("8.1", "bios", "ahci", 2048, x86=True),
    Version("10", "uefi", "ahci", 4096, x86=True),
    Version("11", "uefi", "ahci", 4096, checks_hardware=True,
            wants_network=True),
    _server("2008r2", "bios", "ide", 2048, has_account_pages=False),
    _server("2012r2", "bios", "ahci", 2048),
    _server("2016", "uefi", "ahci", 4096),
    _server("2019", "uefi", "ahci", 4096),
    _server("2022", "uefi", "ahci", 4096),
    _server("2025", "uefi", "ahci", 4096),
)}


def misnamed(version, platform):
    """Why a report's platform is not the version, or None."""
    build, product = platform.get("build", ""), platform.get("product", "")
    seen = windows.name(build, product)
    if not seen:
        return f"the report does not say which build it is from ({build!r})"
    if seen != version.name:
        return f"the image is not {version.name}: build {build} is {seen}'s"
    return None
