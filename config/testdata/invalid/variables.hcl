variable "typed" {
  type    = number
  default = "many" # ERROR: Default of the wrong type
}

variable "computed" {
  default = upper("x") # ERROR: Default is not constant
}

variable "checked" {
  default = "b"
  validation {
    condition     = var.checked == "a"
    error_message = "Only a will do."
  }
  validation { # ERROR: Missing attribute
    condition = true
  }
}

variable "bad" {
  type      = strin # ERROR: Invalid type specification
  sensitive = true # ERROR: Not available yet
}
