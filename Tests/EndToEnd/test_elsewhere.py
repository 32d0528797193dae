"""
What stands in C, on other processors than this one: the headers are compiled for them, and what is chosen by processor
is compared with the plain way.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

SHIMS = Path(__file__).parents[2] / "CEpollShim"
HEADERS = sorted(SHIMS.rglob("*.h"))
#: What Debian calls the processor's headers, and clang its code.
ELSEWHERE = ["aarch64-linux-gnu", "riscv64-linux-gnu", "s390x-linux-gnu", "powerpc64le-linux-gnu"]
STRICT = ["-std=gnu17", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-Wno-unused-variable"]


def clang() -> str:
    """The compiler that reads the headers for Swift, beside it."""
    beside = Path(shutil.which("swift") or "").resolve().with_name("clang")
    found = str(beside) if beside.exists() else shutil.which("clang")
    if found is None:
        pytest.skip("there is no clang beside swift")
    return found


def compiled_for(target: str, source: Path, *options) -> str:
    """Compiles to assembly. The C library's headers are the target's, those of OpenSSL, SQLite and zlib this machine's:
    they are the same, but for a file that says how OpenSSL was built."""
    own = Path(f"/usr/{target}/include")
    if not own.exists():
        pytest.skip(f"{own} is missing; `make test` installs it on Debian")
    machine = subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True).stdout.strip()
    done = subprocess.run(
        [clang(), f"--target={target}", "-S", "-O2", "-o", "-", "-nostdlibinc", "-isystem", own, "-idirafter",
         "/usr/include", "-idirafter", f"/usr/include/{machine}", *STRICT, *options, source],
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("target", ELSEWHERE)
@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.name)
def test_the_headers_are_compiled_for_other_processors(tmp_path, header, target):
    source = tmp_path / "shim.c"
    # Every function is compiled, not only looked at.
    functions = re.findall(r"^(?:[A-Z_0-9]+ )?static inline [^(]*?\b(cshim_\w+)\(", header.read_text(), re.MULTILINE)
    # What only a processor with the instruction has is the next test's.
    functions = [name for name in functions if not name.endswith("_hardware")]
    assert functions
    addresses = ", ".join(f"(void *){name}" for name in functions)
    source.write_text(f'#include "{header}"\nvoid *all[] = {{{addresses}}};\n')
    assembly = compiled_for(target, source)
    assert all(f"{name}:" in assembly for name in functions)


def test_aarch64_takes_its_own_instruction_for_crc32c(tmp_path):
    source = tmp_path / "crc.c"
    source.write_text(f'#include "{SHIMS}/Zlib/crc32c.h"\n'
                      "uint32_t crc(uint32_t c, const void *b, size_t n) { return cshim_crc32c(c, b, n); }\n")
    assembly = compiled_for("aarch64-linux-gnu", source)
    assert "crc32cx" in assembly and "crc32cb" in assembly and "getauxval" in assembly


def test_crc32c_by_instruction_by_tables_and_bit_by_bit_are_one(tmp_path):
    (tmp_path / "crc.c").write_text(f'#include "{SHIMS}/Zlib/crc32c.h"\n' + r"""
#include <stdio.h>
#include <stdlib.h>
static uint32_t bit_by_bit(uint32_t crc, const unsigned char *bytes, size_t count) {
    crc = ~crc;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1)));
    }
    return ~crc;
}
int main(void) {
    if (cshim_crc32c(0, "123456789", 9) != 0xE3069283u) return 1;
    static unsigned char bytes[4096];
    srand(1);
    for (int i = 0; i < 4096; i++) bytes[i] = (unsigned char)rand();
    for (int round = 0; round < 5000; round++) {
        size_t start = (size_t)rand() % 64, count = (size_t)rand() % (round % 2 ? 40 : 4000);
        uint32_t before = (uint32_t)rand() * 2654435761u, right = bit_by_bit(before, bytes + start, count);
        if (~cshim_crc32c_portable(~before, bytes + start, count) != right) return 2;
        if (cshim_crc32c(before, bytes + start, count) != right) return 3;
        size_t half = count / 3;
        if (cshim_crc32c(cshim_crc32c(before, bytes + start, half), bytes + start + half, count - half) != right) return 4;
    }
    return 0;
}
""")
    subprocess.run([clang(), "-O2", *STRICT, "-o", tmp_path / "crc", tmp_path / "crc.c", "-lpthread"], check=True)
    assert subprocess.run([tmp_path / "crc"]).returncode == 0
