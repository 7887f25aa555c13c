"""The lab's hypervisor: makes real in the switch what OpenStack's APIs only say.

Every port with a machine behind it is enforced: what a machine may send and receive is decided by its
port's security groups, address pairs and port security, as Neutron 29's own iptables driver does it, and
a change is in force within two seconds.

The external machine and the management host have no port. They stand for machines on the same provider
network that are none of the cloud's, which no filter of it sees. The lab's `switch` is the one
hypervisor of all ports, so that nothing here shows what needs two of them.
"""
