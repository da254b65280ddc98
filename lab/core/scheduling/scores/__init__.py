"""The scores, one file each: points from 0 to 100, added up. Pure."""
