variable "mood" {
  default = "calm"
}

locals {
  a = var.mod # ERROR: Unknown variable
  b = local.aa # ERROR: Unknown local value
  c = playlist.mornin.name # ERROR: Unknown playlist
  d = playlist.morning.public # ERROR: Unknown attribute
  e = playlist.year.name # ERROR: Which one?
  f = playlist.morning["x"].name # ERROR: Only one
  g = each.key # ERROR: each without for_each
  h = count.index # ERROR: No count here
  i = data.liked.all.tracks # ERROR: Not available yet
  j = sync # ERROR: Unknown name
  k = var # ERROR: Incomplete reference
  m = vars.mood # ERROR: Unknown name
}

playlist "morning" {
  name = each.key # ERROR: each without for_each
}

playlist "year" {
  for_each = toset([each.key]) # ERROR: each without for_each
  name     = each.kee # ERROR: Unknown reference
}
