spotsync {
  required_version = "newest" # ERROR: Not a version constraint
}
