account "a" {
  redirect_uri    = "http://127.0.0.1:99999/callback" # ERROR: Redirect URI not allowed
  callback_listen = "127.0.0.1:99999" # ERROR: Not an address to listen on
}

account "b" {
  redirect_uri    = "http://[::1]:0/callback" # ERROR: Redirect URI not allowed
  callback_listen = "127.0.0.1:http" # ERROR: Not an address to listen on
}

account "c" {
  redirect_uri    = "http://127.0.0.1:/callback" # ERROR: Redirect URI not allowed
  callback_listen = "127.0.0.1:-1" # ERROR: Not an address to listen on
}

account "d" {
  redirect_uri = "https://example.com:65536/callback" # ERROR: Redirect URI not allowed
}

account "e" {
  redirect_uri    = "http://127.0.0.1:65535/callback"
  callback_listen = "[::1]:65535"
}

account "f" {
  redirect_uri = "http://127.0.0.1/callback?a=b" # ERROR: Redirect URI not allowed
}

account "g" {
  redirect_uri    = "https://999.1.1.1/callback" # ERROR: Redirect URI not allowed
  callback_listen = "999.1.1.1:80" # ERROR: Not an address to listen on
}

account "h" {
  callback_listen = "::1:80" # ERROR: Not an address to listen on
}
