"""What the machine's script does to the kernel's parameters: the real ones, of a network namespace."""

import subprocess
from pathlib import Path

import pytest

from components.bird.bird_router import router_script
from components.bird.kernel_parameters import kernel_parameters
from components.settings.settings import read_settings
from tests.unit.example import values

MACHINE = """
ip link add eth0 type veth peer name peer0 && ip link set eth0 up && ip link set peer0 up
ip link add back.8 type veth peer name peer1 && ip link set back.8 up
ip address add 172.34.8.45/24 dev eth0 && ip -6 address add 2001:db8:8::45/64 dev eth0 nodad
cd /proc/sys/net
for file in ipv4/conf/all/accept_redirects ipv4/conf/*/accept_redirects ipv6/conf/eth0/accept_redirects \\
    ipv4/conf/eth0/rp_filter; do echo 1 >$file; done
echo 0 >ipv4/conf/all/rp_filter
echo 0 >ipv4/fib_multipath_hash_policy; echo 0 >ipv6/fib_multipath_hash_policy
"""
ASKED = "address 172.34.8.45\naddress 2001:db8:8::45\n"
HASHES = {"ipv4/fib_multipath_hash_policy", "ipv6/fib_multipath_hash_policy"}
REDIRECTS = {f"{conf}/accept_redirects" for conf in ("ipv4/conf/all", "ipv4/conf/eth0", "ipv6/conf/eth0")}


class Kernel:
    """A network namespace in which steps run one after the other; each gives the parameters after it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "90-calico-peering.conf"
        self._steps: list[str] = [MACHINE]

    def does(self, shell: str) -> "Kernel":
        self._steps.append(f"cd /proc/sys/net; {shell}")
        return self

    def sysctls(self, asked: str = ASKED) -> "Kernel":
        return self.does(f"(main sysctls) <<end\n{asked}end")

    def back(self) -> "Kernel":
        return self.does("(main sysctls_back)")

    def run(self) -> tuple[list[dict[str, str]], str]:
        """The parameters after each step and everything printed on standard error."""
        script = router_script().removesuffix('main "$@"\n')
        for place in ("/var/lib/calico-peering", "/etc/sysctl.d"):
            script = script.replace(place, str(self.folder))
        look = (
            f"\nprintf '\\n== look\\n'; cp {self.file} {self.folder}/file.$((at=at+1)) 2>/dev/null || :\n"
            "cd /proc/sys/net; grep -s . ipv?/fib_multipath_hash_policy ipv?/conf/*/accept_redirects"
            " ipv4/conf/*/rp_filter ipv4/ip_forward ipv?/conf/*/forwarding ipv6/conf/*/accept_ra\n"
            "printf '== end\\n'\n"
        )
        script += "at=0\n" + look.join([*self._steps, ""])
        command = ["unshare", "--net", "sh", "-c", script]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        looks = [part.split("== end\n")[0] for part in done.stdout.split("== look\n")[1:]]
        return [dict(line.split(":") for line in look.splitlines()) for look in looks], done.stderr


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


def changed(before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    return {path: value for path, value in after.items() if before[path] != value}


def test_what_is_needed_is_set_on_the_interface_towards_the_nodes(kernel: Kernel) -> None:
    (before, after), _ = kernel.sysctls().run()
    wanted = dict.fromkeys(HASHES, "1") | dict.fromkeys(REDIRECTS, "0")
    assert changed(before, after) == {**wanted, "ipv4/conf/eth0/rp_filter": "2"}


def test_it_is_kept_over_reboots(kernel: Kernel) -> None:
    kernel.sysctls().run()
    lines = kernel.file.read_text().splitlines()
    assert lines[0].startswith("# Written by calico-peering")
    assert lines[1:] == [
        "net.ipv4.fib_multipath_hash_policy = 1",
        "net.ipv6.fib_multipath_hash_policy = 1",
        "net.ipv4.conf.all.accept_redirects = 0",
        "net.ipv4.conf.eth0.accept_redirects = 0",
        "net.ipv4.conf.eth0.rp_filter = 2",
        "net.ipv6.conf.eth0.accept_redirects = 0",
    ]
    assert kernel.file.stat().st_mode & 0o777 == 0o644


def test_everything_is_given_back(kernel: Kernel) -> None:
    (before, _, after), _ = kernel.sysctls().back().run()
    assert after == before
    assert not list(kernel.folder.glob("[s9]*"))


def test_a_file_of_the_same_name_is_given_back_too(kernel: Kernel) -> None:
    kernel.file.write_text("net.ipv4.ip_forward = 0\n")
    kernel.sysctls().sysctls().back().run()
    assert kernel.file.read_text() == "net.ipv4.ip_forward = 0\n"


def test_a_second_time_nothing_is_changed_and_the_first_values_stay_remembered(kernel: Kernel) -> None:
    (before, once, twice, after), _ = kernel.sysctls().sysctls().back().run()
    assert once == twice
    assert after == before


def test_what_was_right_before_stays_when_we_leave(kernel: Kernel) -> None:
    right = "for file in ipv?/fib_multipath_hash_policy; do echo 1 >$file; done"
    *_, before, _, after = kernel.does(right).sysctls().back().run()[0]
    assert after == before
    assert after["ipv4/fib_multipath_hash_policy"] == "1"


@pytest.mark.parametrize(
    ("every", "own", "then"),
    [("0", "0", "0"), ("0", "1", "2"), ("1", "0", "2"), ("1", "1", "2"), ("2", "1", "1"), ("0", "2", "2")],
)
def test_the_reverse_path_filter_is_loosened_only_where_it_is_strict(
    kernel: Kernel, every: str, own: str, then: str
) -> None:
    before = f"echo {every} >ipv4/conf/all/rp_filter; echo {own} >ipv4/conf/eth0/rp_filter"
    *_, there, once, twice, after = kernel.does(before).sysctls().sysctls().back().run()[0]
    assert once["ipv4/conf/eth0/rp_filter"] == twice["ipv4/conf/eth0/rp_filter"] == then
    assert after == there


def test_what_somebody_set_meanwhile_is_left_and_told(kernel: Kernel) -> None:
    meanwhile = "echo 2 >ipv4/fib_multipath_hash_policy"
    states, said = kernel.sysctls().does(meanwhile).back().run()
    assert changed(states[0], states[-1]) == {"ipv4/fib_multipath_hash_policy": "2"}
    assert "net.ipv4.fib_multipath_hash_policy stays at 2: somebody set that" in said
    assert "(before: 0)" in said


def test_what_somebody_set_back_is_repaired_by_the_next_time(kernel: Kernel) -> None:
    drift = "echo 0 >ipv4/fib_multipath_hash_policy; echo 1 >ipv4/conf/eth0/accept_redirects"
    states, _ = kernel.sysctls().does(drift).sysctls().back().run()
    assert states[1] == states[3] != states[2]
    assert states[-1] == states[0]


FORWARDING = ASKED + "forward 4\nforward 6\n"


def test_forwarding_and_what_the_kernel_sets_along_with_it(kernel: Kernel) -> None:
    # One interface forwards already, which the kernel forgets when all of them are switched off.
    own = "echo 1 >ipv4/conf/back.8/forwarding; echo 1 >ipv6/conf/back.8/forwarding"
    *_, before, during, again, after = (
        kernel.does(own).sysctls(FORWARDING).sysctls(FORWARDING).back().run()[0]
    )
    assert during == again
    assert during["ipv4/ip_forward"] == during["ipv6/conf/all/forwarding"] == "1"
    assert during["ipv4/conf/all/accept_redirects"] == "0"
    assert after == before
    kept = kernel.folder / "file.3"
    assert "net.ipv4.ip_forward = 1\n" in kept.read_text()
    assert "net.ipv6.conf.all.forwarding = 1\n" in kept.read_text()
    assert "back.8" not in kept.read_text()


def test_redirects_that_were_off_stay_off_when_forwarding_ends(kernel: Kernel) -> None:
    off = "echo 0 >ipv4/conf/all/accept_redirects"
    *_, before, _, after = kernel.does(off).sysctls(FORWARDING).back().run()[0]
    assert after == before


def test_forwarding_that_is_asked_for_no_more_is_given_back_alone(kernel: Kernel) -> None:
    (before, _, less, after), _ = kernel.sysctls(FORWARDING).sysctls().back().run()
    assert less["ipv4/ip_forward"] == less["ipv6/conf/all/forwarding"] == "0"
    assert less["ipv4/fib_multipath_hash_policy"] == "1"
    assert less["ipv4/conf/all/accept_redirects"] == "0"
    assert "ip_forward" not in (kernel.folder / "file.3").read_text()
    assert after == before


def test_a_router_keeps_the_default_route_that_it_was_advertised(kernel: Kernel) -> None:
    learnt = (
        "echo 1 >ipv6/conf/eth0/accept_ra;"
        " ip -6 route add default via fe80::1 dev eth0 proto ra metric 1024 expires 600"
    )
    has = f"ip -6 route show default >{kernel.folder}/default"
    *_, before, during, _, after = kernel.does(learnt).sysctls(FORWARDING).does(has).back().run()[0]
    assert during["ipv6/conf/eth0/accept_ra"] == "2"
    assert "via fe80::1" in (kernel.folder / "default").read_text()
    assert after == before


def test_a_name_with_a_dot_is_one_interface(kernel: Kernel) -> None:
    there = "ip address add 172.34.9.45/24 dev back.8; echo 1 >ipv4/conf/back.8/rp_filter"
    *_, before, during, after = kernel.does(there).sysctls("address 172.34.9.45\n").back().run()[0]
    assert during["ipv4/conf/back.8/rp_filter"] == "2"
    assert "net/ipv4/conf/back.8/rp_filter = 2\n" in (kernel.folder / "file.3").read_text()
    assert after == before


def test_several_hops_away_the_interface_is_that_of_the_route(kernel: Kernel) -> None:
    there = "ip route add 172.34.9.0/24 via 172.34.8.1"
    states, _ = kernel.does(there).sysctls("node 172.34.9.10\nnode 172.34.9.30\n").run()
    assert states[-1]["ipv4/conf/eth0/accept_redirects"] == "0"
    assert states[-1]["ipv6/conf/eth0/accept_redirects"] == "1"


def test_one_that_cannot_be_set_is_told_with_what_to_do() -> None:
    script = "parameter() { echo 0; }\nset_parameter no/such/parameter 1\n"
    command = ["sh", "-c", router_script().removesuffix('main "$@"\n') + script]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "no.such.parameter cannot be set to 1" in done.stderr
    assert "calico-peering:sysctls" in done.stderr


def test_what_is_asked_follows_the_settings() -> None:
    assert kernel_parameters([read_settings(values())]) == "address 172.34.8.45\n"
    assert kernel_parameters([read_settings(values(sysctls="false"))]) is None
    advertising = values(machineNetworks='["10.50.0.0/16"]', advertise="true", vrf="blue", kernelTable="77")
    assert kernel_parameters([read_settings(advertising)]) == "address 172.34.8.45\nforward 4\nvrf blue\n"
    far = values(multihop="2", nodes='["172.34.8.10", "172.34.8.30"]')
    assert kernel_parameters([read_settings(far)] * 2) == "node 172.34.8.10\nnode 172.34.8.30\n"
