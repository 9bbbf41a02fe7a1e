playlsit "a" { # ERROR: Unknown block
}

data "liked" "all" {} # ERROR: Not available yet

library { # ERROR: Not available yet
}

module "m" { # ERROR: Not available yet
}

terraform { # ERROR: Unknown block
}

local { # ERROR: Unknown block
}

name = "stray" # ERROR: Attribute outside a block

playlist { # ERROR: Name missing
}

playlist "has space" { # ERROR: Not a name
}

playlist "a" "b" { # ERROR: Label not expected
}

playlist "twin" {
}

playlist "twin" { # ERROR: Written twice
}

locals {
  x = 1
}

locals {
  x = 2 # ERROR: Written twice
  block {} # ERROR: Block not expected
}

output "o" { # ERROR: Missing attribute
}

output "s" {
  value     = 1
  sensitive = true # ERROR: Not available yet
}

account "x" {
  client_secret = "hush" # ERROR: Unknown attribute
}

account "x" { # ERROR: Written twice
}

spotsync "label" { # ERROR: Label not expected
  version = "1" # ERROR: Unknown attribute
}
