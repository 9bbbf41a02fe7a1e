variable "needed" { # ERROR: Variable without a value
  type = string
}

variable "checked" { # ERROR: Value not allowed
  default = "b"
  validation {
    condition     = var.checked == "a"
    error_message = "Only a will do."
  }
}

variable "odd" {
  default = 1
  validation {
    condition     = "perhaps" # ERROR: True or false expected
    error_message = "x"
  }
}
