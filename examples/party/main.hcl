# A party with guests: everybody sends a list of songs as text, one a line, and every guest's turn comes round.

variable "seed" {
  type        = string
  default     = "first night"
  description = "Decides who is played when; the same seed gives the same order."
}

locals {
  guests = {
    ada   = tracks_file("ada.txt")
    grace = tracks_file("grace.txt")
  }

  # Whatever the guests send, these open and close the evening.
  opening = "spotify:track:0DiWol3AO6WpXZgp0goxAV" # Daft Punk – One More Time
  closing = "spotify:track:0aym2LBJBk9DAYuHHutrIl" # The Beatles – Hey Jude
}

playlist "party" {
  name        = "House party"
  description = "Songs from ${join(" and ", [for name in keys(local.guests) : title(name)])}."

  tracks = concat(
    [local.opening],
    interleave([for name in keys(local.guests) : shuffle(local.guests[name], "${var.seed} ${name}")]...),
    [local.closing],
  )

  lifecycle {
    max_removals = "25%" # a guest's file saved empty by mistake is no reason to empty the playlist
  }
}
