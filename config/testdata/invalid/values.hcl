playlist "a" {
  name          = "" # ERROR: Name is empty
  description   = "one\ntwo" # ERROR: Description with a line break
  public        = true
  collaborative = true # ERROR: Public and collaborative
  mode          = "synk" # ERROR: Value not allowed
  keep_dates    = "sometimes" # ERROR: Value not allowed
  self_heal     = "detials" # ERROR: Value not allowed
  account       = "defualt" # ERROR: Unknown account
  lifecycle {
    max_removals = "150%" # ERROR: Value not allowed
  }
}

playlist "b" {
  name        = "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890" # ERROR: Name too long
  description = "see https://example.com/x" # WARNING: Link in a description
  public      = "maybe" # ERROR: Wrong type
  tracks      = "spotify:track:003vvx7Niy0yvhvHt4a68B" # ERROR: List expected
}

playlist "c" {
  name   = ["x"] # ERROR: Wrong type
  id     = "spotify:album:1weenld61qoidwYuZ1GESA" # ERROR: Not a playlist
  tracks = { a = 1 } # ERROR: List expected
  lifecycle {
    max_removals = 1.5 # ERROR: Value not allowed
  }
}

playlist "d" {
  id   = "nonsense" # ERROR: Not a playlist
  name = "tab	here" # ERROR: Name with a line break
}

account "x" {
  redirect_uri    = "http://localhost:8888/callback" # ERROR: Redirect URI not allowed
  callback_listen = "8888" # ERROR: Not an address to listen on
}

account "y" {
  redirect_uri = "http://example.com/callback" # ERROR: Redirect URI not allowed
}
