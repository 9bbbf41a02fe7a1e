playlist "a" {
  name   = "unclosed # ERROR: Invalid multi-line string | Unterminated template string
  public = true
}
