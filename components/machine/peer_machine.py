"""Component: the external machine as a VM on OpenStack: port, security group, key pair and instance.

The VM gets its ssh host key from us (cloud_init.py), so the very first connection is verified. All of it
is ours alone and goes with destroy. What runs on the machine is BirdRouter's; network, router, image and
flavor are others'. It relies on pulumi-openstack, and on cloud-init in the image.

The VM may be exchanged at any time; the port stays, and with it address, MAC and floating IP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_command.remote import Command, ConnectionArgs, Logging
from pulumi_openstack.compute import Instance, InstanceBlockDeviceArgs, InstanceNetworkArgs, Keypair
from pulumi_openstack.networking import FloatingIp, Port, PortAllowedAddressPairArgs, PortFixedIpArgs

from components.machine.cloud_init import user_data
from components.machine.machine import Bastion, Login, connection, on_instance, sudo
from components.machine.machine_fault import find_fault
from components.machine.machine_group import MachineGroup
from components.machine.machine_left_over import METADATA, MachineLeftOver, clear_port, key_pair_name, mark
from components.ports.gophercloud_login import Arguments
from components.ports.openstack_provider import openstack_provider
from components.shared.provider_errors import ProviderError

# From Nova's ACTIVE to sshd an image may take a minute or two. Refused attempts are 5 s apart then, so
# these wait for 4 minutes at least; for 10 when each is lost in silence.
BOOT_ATTEMPTS = 60
BOOT_SECONDS = 5
# What cloud-init still does may hold apt's lock. Its own failures are not ours to judge.
BOOTED = "timeout 300 cloud-init status --wait || true"


class PeerMachineArgs(TypedDict):
    """What the VM is made of, who may reach it, and how to log in."""

    machine_name: str
    """The VM's name, and part of the others'."""
    address: str
    """IPv4, the port's fixed address."""
    network_id: pulumi.Input[str]
    subnet_id: pulumi.Input[str]
    """Of the network, with the address inside."""
    image: str
    """As people call it, name or id."""
    image_id: NotRequired[str | None]
    """What is called so now; another id makes nothing anew. Default: looked up when the VM is made."""
    made_of: str
    """Another text makes the VM anew."""
    flavor: str
    """Another one resizes the VM."""
    flavor_is_id: NotRequired[bool]
    """Default: it is a name."""
    volume_size: NotRequired[int]
    """GiB of a volume to boot from, which goes with the VM. Default: 0, it boots from the image."""
    networks_behind: NotRequired[Sequence[str]]
    """What the VM may send from beside its address. Default: none."""
    bgp_networks: Sequence[str]
    """The nodes', which open BGP sessions."""
    ssh_networks: Sequence[str]
    egress_networks: Sequence[str]
    """Where connections may be opened to."""
    floating_network: NotRequired[str | None]
    """The name of the external network of a floating IP. Default: no floating IP."""
    ssh_host: NotRequired[pulumi.Input[str] | None]
    """Default: the floating IP, or else the address."""
    port: NotRequired[pulumi.Input[int]]
    """Where sshd answers at ssh_host. Default: 22."""
    user: NotRequired[str]
    """The login. Default: root."""
    private_key: NotRequired[pulumi.Input[str] | None]
    """The login's. Default: the ssh agent."""
    bastion: NotRequired[Bastion | None]
    """By way of which sshd is reached. Default: directly."""
    public_key: str
    """The login's, which the VM lets in; another one makes the VM anew."""
    host_private_key: pulumi.Input[str]
    """ed25519 in OpenSSH's format; a secret whether it comes as one or not."""
    host_key: str
    """The public half of it."""
    stack: str
    """`project/stack`, by which what a killed run left is known."""
    left_over: NotRequired[MachineLeftOver]
    """What this stack has made already, be it in its state or not. Default: nothing."""
    cloud: NotRequired[str | None]
    """Entry of clouds.yaml. Default: the OS_* environment."""
    plugin: NotRequired[Arguments | None]
    """What pulumi-openstack is given for that cloud. Default: its name."""


class PeerMachine(pulumi.ComponentResource):
    """The VM and what belongs to it."""

    connection: ConnectionArgs
    """For remote commands."""
    login: Login
    """What the connection was made of."""
    sudo: str
    """What comes before a command that has to run as root: nothing, or `sudo -n `."""
    instance: pulumi.Output[str] | None
    """The VM's id, once it has booted."""
    gone_with: pulumi.Resource | None
    """This component. Not the VM itself: a refresh that misses it takes it out of the state."""
    host: pulumi.Output[str]
    """Where sshd answers."""

    def __init__(self, name: str, args: PeerMachineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("calico-peering:index:PeerMachine", name, {}, opts)
        left = args.get("left_over", MachineLeftOver())
        provider = openstack_provider(
            f"{name}-openstack",
            args.get("plugin") or {"cloud": args.get("cloud")},
            pulumi.ResourceOptions(parent=self),
        )
        own = pulumi.ResourceOptions(parent=self, provider=provider)
        group = MachineGroup(
            f"{name}-group",
            {
                "group_name": f"calico-peering-machine-{args['machine_name']}",
                "description": _mark(args),
                "bgp_networks": args["bgp_networks"],
                "ssh_networks": args["ssh_networks"],
                "egress_networks": args["egress_networks"],
                "cloud": args.get("cloud"),
                "left_over": left.group,
                "rules_left_over": left.rules,
            },
            own,
        )
        port = _port(name, args, group, own)
        vm = _vm(name, args, port, own)
        host: pulumi.Input[str] = args.get("ssh_host") or args["address"]
        if floating := args.get("floating_network"):
            ip = FloatingIp(
                f"{name}-floating-ip",
                description=_mark(args),
                pool=floating,
                port_id=port.id,
                opts=_importing(own, left.floating_ip),
            )
            host = args.get("ssh_host") or ip.address
        user = args.get("user", "root")
        login: Login = {
            "host": host,
            "host_key": args["host_key"],
            "port": args.get("port", 22),
            "user": user,
            "private_key": args.get("private_key"),
            "bastion": args.get("bastion"),
        }
        wait = on_instance(BOOTED, vm.id)
        booted = Command(
            f"{name}-booted",
            connection=connection(login, BOOT_ATTEMPTS, BOOT_SECONDS),
            create=wait,
            update=wait,
            add_previous_output_in_env=False,
            logging=Logging.STDERR,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[group]),
        )
        self.login = login
        self.connection = connection(login)
        self.sudo = sudo(user)
        self.instance = pulumi.Output.all(vm.id, booted.id).apply(lambda ids: str(ids[0]))
        self.gone_with = self
        self.host = pulumi.Output.from_input(host)
        self.register_outputs({"host": self.host, "instance": vm.id})


def _mark(args: PeerMachineArgs) -> str:
    return mark(args["stack"], args["machine_name"])


def _importing(own: pulumi.ResourceOptions, left_over: str | None, **more: Any) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(own, pulumi.ResourceOptions(import_=left_over, **more))


def _port(name: str, args: PeerMachineArgs, group: MachineGroup, own: pulumi.ResourceOptions) -> Port:
    return Port(
        f"{name}-port",
        name=args["machine_name"],
        description=_mark(args),
        network_id=args["network_id"],
        fixed_ips=[PortFixedIpArgs(subnet_id=args["subnet_id"], ip_address=args["address"])],
        security_group_ids=[group.id],
        allowed_address_pairs=[
            PortAllowedAddressPairArgs(ip_address=network) for network in args.get("networks_behind", ())
        ],
        port_security_enabled=True,
        # A second port could not have the same address.
        opts=_importing(own, args.get("left_over", MachineLeftOver()).port, delete_before_replace=True),
    )


def _key_pair(name: str, args: PeerMachineArgs, own: pulumi.ResourceOptions) -> Keypair:
    return Keypair(
        f"{name}-key",
        name=key_pair_name(args["stack"], args["machine_name"], args["public_key"]),
        public_key=args["public_key"],
        opts=_importing(own, args.get("left_over", MachineLeftOver()).key_pair),
    )


def _vm(name: str, args: PeerMachineArgs, port: Port, own: pulumi.ResourceOptions) -> Instance:
    image, image_id, size = args["image"], args.get("image_id"), args.get("volume_size", 0)
    disk = InstanceBlockDeviceArgs(
        uuid=image_id,
        source_type="image",
        destination_type="volume",
        volume_size=size,
        boot_index=0,
        delete_on_termination=True,
    )
    host_key, user = args["host_key"], args.get("user", "root")
    return Instance(
        f"{name}-vm",
        name=args["machine_name"],
        flavor_id=args["flavor"] if args.get("flavor_is_id") else None,
        flavor_name=None if args.get("flavor_is_id") else args["flavor"],
        image_id=None if size else image_id,
        image_name=None if size or image_id else image,
        block_devices=[disk] if size else None,
        networks=[InstanceNetworkArgs(port=port.id)],
        key_pair=_key_pair(name, args, own).name,
        user_data=pulumi.Output.secret(args["host_private_key"]).apply(
            lambda private: user_data(private, host_key, user)
        ),
        # Said although it is the default, which would follow what a refresh finds.
        power_state="active",
        metadata={METADATA: args["stack"]},
        # The network may have neither DHCP nor a metadata service.
        config_drive=True,
        opts=pulumi.ResourceOptions.merge(
            own,
            pulumi.ResourceOptions(
                # The port is taken as long as the old one is there.
                delete_before_replace=True,
                hooks=pulumi.ResourceHookBinding(
                    before_create=[_clearing(args)],
                    before_update=[_refusing(args)],
                    on_error=[pulumi.ErrorHook(f"{name}-vm-fault", _telling(args))],
                ),
                # Whoever keeps the cloud renames images and puts newer ones in their place; Nova would
                # rebuild the VM in its place then, with its id and without BIRD. And of the user data a
                # refresh knows the digest only, which differs always. The key pair is called after the
                # machine and the stack, and has been read once the VM is there; another key is in made_of.
                ignore_changes=["imageId", "imageName", "blockDevices[0].uuid", "userData", "keyPair"],
                replacement_trigger=args["made_of"],
                additional_secret_outputs=["userData"],
            ),
        ),
    )


def _clearing(args: PeerMachineArgs) -> Callable[[pulumi.ResourceHookArgs], Awaitable[None]]:
    async def clear(hook: pulumi.ResourceHookArgs) -> None:
        """Make room for the VM on its port."""
        (network,) = (hook.new_inputs or {})["networks"]
        await asyncio.to_thread(clear_port, network["port"], args["stack"], args.get("cloud"))

    return clear


def _fault(args: PeerMachineArgs, urn: str) -> Awaitable[str | None]:
    return asyncio.to_thread(find_fault, args["machine_name"], args["stack"], urn, args.get("cloud"))


def _refusing(args: PeerMachineArgs) -> Callable[[pulumi.ResourceHookArgs], Awaitable[None]]:
    async def refuse(hook: pulumi.ResourceHookArgs) -> None:
        """Change nothing on a VM that Nova could not make."""
        if fault := await _fault(args, hook.urn):
            raise ProviderError(fault)

    return refuse


def _telling(args: PeerMachineArgs) -> Callable[[pulumi.ErrorHookArgs], Awaitable[bool]]:
    async def tell(hook: pulumi.ErrorHookArgs) -> bool:
        """Say why the VM failed; False: trying again would not help."""
        if fault := await _fault(args, hook.urn):
            pulumi.error(fault)
        return False

    return tell
