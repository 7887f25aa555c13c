"""What is still to be compiled, as the machine's own Go lists it, with an empty cache and with a full one."""

from pathlib import Path

from lab.engine.go import FLAGS, Go
from lab.engine.packages import list_packages

LIBRARY = 'package library\n\nfunc Word() string { return "word" }\n'
PROGRAM = (
    'package main\n\nimport "example.invalid/program/library"\n\nfunc main() { println(library.Word()) }\n'
)


def test_packages_are_listed_with_their_size_their_origin_and_whether_they_are_built(tmp_path: Path) -> None:
    module = tmp_path / "module"
    (module / "library").mkdir(parents=True)
    (module / "go.mod").write_text("module example.invalid/program\n\ngo 1.26\n")
    (module / "library" / "library.go").write_text(LIBRARY)
    (module / "main.go").write_text(PROGRAM)
    go = Go(tmp_path / "cache")

    def listed() -> dict[str, tuple[int, bool, bool]]:
        found = list_packages(go, str(module), ["."], [])
        return {one.path: (one.size, one.built, one.standard) for one in found}

    before = listed()
    assert before["example.invalid/program/library"] == (len(LIBRARY), False, False)
    assert before["example.invalid/program"] == (len(PROGRAM), False, False)
    size, built, standard = before["runtime"]
    assert size > 100_000 and standard and not built

    go.run("build", *FLAGS, "-o", str(tmp_path / "program"), ".", module=str(module))
    after = listed()
    assert after["example.invalid/program/library"] == (len(LIBRARY), True, False)
    assert after["runtime"] == (size, True, True)
    assert not after["example.invalid/program"][1], "a program is linked whatever the cache has of it"
