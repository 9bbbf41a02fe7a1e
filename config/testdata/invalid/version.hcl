spotsync {
  required_version = ">= 2.0" # ERROR: Another version of spotsync is needed
}

playlist "a" {
  from_the_future = true
}
