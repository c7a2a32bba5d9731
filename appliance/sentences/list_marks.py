"""The characters that mark the items of lists, for use within the brackets of a pattern."""

BULLETS = "•●○◦▪■□❑❏➢✓‣∙·*"
# Dashes are marks only where nothing else begins a line with one. The hyphen stands last.
BULLETS_AND_DASHES = f"{BULLETS}–—-"
