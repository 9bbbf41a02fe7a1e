playlist "a" {
  nmae        = "x" # ERROR: Unknown attribute
  count       = 3 # ERROR: Unknown attribute
  cover       = "a.jpg" # ERROR: Not available yet
  depends_on  = [] # ERROR: Not available yet
  songs       = [] # ERROR: Unknown attribute
  lifecycle   = {} # ERROR: Block written as an attribute
  tracks {} # ERROR: Attribute written as a block
  liefcycle {} # ERROR: Unknown block
}

playlist "b" {
  lifecycle {
    prevent_destory = true # ERROR: Unknown attribute
    ignore_changes  = ["tracks", "nam", size] # ERROR: Unknown attribute | Unknown attribute
  }
  lifecycle {} # ERROR: Two lifecycle blocks
}

playlist "c" {
  lifecycle {
    ignore_changes = "name" # ERROR: List expected
  }
}
