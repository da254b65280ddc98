"""What happens to nodes: machines that stop, the controllers that notice, disks, lost capacity."""
