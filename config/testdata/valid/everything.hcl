spotsync {
  required_version = ">= 0.1, < 2"
}

account {
  client_id          = "0123456789abcdef0123456789abcdef"
  client_secret_file = "~/.config/spotsync/secret"
  redirect_uri       = "http://127.0.0.1/callback"
  callback_listen    = "127.0.0.1:8888"
}

account "family" {
  client_id = "fedcba9876543210fedcba9876543210"
}

variable "mood" {
  type        = string
  default     = "calm"
  description = "How it feels"
  validation {
    condition     = length(var.mood) > 0
    error_message = "Say something."
  }
}

locals {
  since = "90d"
  last  = "spotify:track:0VjIjW4GlUZAMYd2vXMi3b"
  both  = [local.last, "https://open.spotify.com/track/7qiZfU4dY1lWllzX7mPBI3?si=abc"]
}

output "count" {
  value       = length(playlist.morning.tracks)
  description = "How many songs the morning has"
}

output "unknown" {
  value = playlist.evening.uri
}

playlist "morning" {
  id            = "https://open.spotify.com/playlist/4XzvE3vG5tVbQeJb8Kk2aP"
  name          = "Morning, ${var.mood}"
  description   = "See also ${playlist.evening.id}"
  public        = false
  collaborative = false
  tracks = [
    "spotify:track:003vvx7Niy0yvhvHt4a68B", # The Killers – Mr. Brightside
    "https://open.spotify.com/intl-de/episode/512ojhOuo1ktJprKbVcKyQ?si=1",
    "4uLU6hMCjMI75M1A2tKUQC" // Rick Astley – Never Gonna Give You Up
    , local.both,            # two more
    ["spotify:track:003vvx7Niy0yvhvHt4a68B", ["spotify:track:1301WleyT98MSxVHPZCA6M"]],
    { uri = "spotify:track:5CQ30WqJwcep0pYcV4AMNc", artist = "Led Zeppelin", title = "Stairway to Heaven" },
    toset(["spotify:track:0VjIjW4GlUZAMYd2vXMi3b"]),
  ]
  mode       = "append"
  keep_dates = "always"
  self_heal  = "details"
  account    = "family"
  lifecycle {
    prevent_destroy = true
    ignore_changes  = ["tracks", description]
    max_removals    = "25%"
    drop_opaque     = true
  }
}

playlist "evening" {
  name        = "Evening"
  description = "Not ${playlist.morning.name}"
  tracks      = playlist.morning.tracks
  public      = null
  lifecycle {
    max_removals = 20
  }
}

playlist "year" {
  for_each  = toset(["2023", "20\"24"])
  name      = "Liked in ${each.key}"
  tracks    = [for t in playlist.morning.tracks : t if t.uri != each.value]
  self_heal = false
}

playlist "moods" {
  for_each = { loud = "Loud", soft = playlist.year["2023"].name }
  name     = each.value
}

playlist "bare" {}

import {
  to = playlist.evening
  id = "37i9dQZF1DXcBWIGoYBM5M"
}

moved {
  from = playlist.a
  to   = playlist.year["2023"]
}

removed {
  from = playlist.c
}

removed {
  from = playlist.year["2020"]
  lifecycle {
    destroy = true
  }
}
