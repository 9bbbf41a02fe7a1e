playlist "a" {
  description = file("/etc/passwd") # ERROR: Invalid function argument
  tracks      = tracks_file("nothere.txt") # ERROR: Invalid function argument
}
