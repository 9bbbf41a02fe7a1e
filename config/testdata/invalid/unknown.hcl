playlist "new" {
  name = "New"
}

locals {
  id = playlist.new.id
}

playlist "a" {
  name   = "At ${local.id}"
  tracks = [local.id] # ERROR: Not known until apply
}

playlist "b" {
  tracks   = try([playlist.new.uri], []) # ERROR: Not known until apply
  public   = can(regex("^a", playlist.new.id)) # ERROR: Not known until apply
}

playlist "c" {
  for_each = toset([playlist.new.id]) # ERROR: Not known until apply
}

playlist "d" {
  for_each = { (playlist.new.id) = 1 } # ERROR: Not known until apply
  tracks   = [each.value.x] 
}

playlist "e" {
  account = playlist.new.uri # ERROR: Not known until apply
}
