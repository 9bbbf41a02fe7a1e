# Six blocks, nine playlists: from a plain list to one made of the others.
#
#   spotsync plan  --sandbox examples/playlists.hcl    what would change
#   spotsync apply --sandbox examples/playlists.hcl    make it so

variable "mood" {
  type        = string
  default     = "slow start"
  description = "What the morning is like; it shows in the playlist's name."

  validation {
    condition     = length(var.mood) > 0 && length(var.mood) <= 60
    error_message = "A mood is 1 to 60 characters."
  }
}

locals {
  signature = "Kept in git, synced by spotsync."

  # Loud and gentle ones, in the order they are to alternate on the road.
  loud = [
    "spotify:track:7o2CTH4ctstm8TNelqjb51", # Guns N' Roses – Sweet Child O' Mine
    "spotify:track:37ZJ0p5Jm13JPevGcx4SkF", # Bon Jovi – Livin' On A Prayer
    "spotify:track:2PfBSkCKZDXMsJogMT0wML", # Van Halen – Jump
    "spotify:track:1f3yAtsJtY87CTmM8RLnxf", # Nirvana – Smells Like Teen Spirit
    "spotify:track:5UWwZ5lm5PKu6eKsHAGxOk", # Foo Fighters – Everlong
    "spotify:track:4zA30wJPvNvQ3WjB8jtGaF", # The White Stripes – Seven Nation Army
    "spotify:track:0ntQJM78wzOLVeCUAW7Y45", # Kings of Leon – Sex on Fire
    "spotify:track:4VqPOruhp5EdPBeR92t6lQ", # Muse – Uprising
    "spotify:track:63OFKbMaZSDZ4wtesuuq6f", # Steppenwolf – Born To Be Wild
    "spotify:track:7e89621JPkKaeDSTQ3avtg", # Lynyrd Skynyrd – Sweet Home Alabama
  ]
  gentle = [
    "spotify:track:2LawezPeJhN4AWuSB0GtAU", # Creedence Clearwater Revival – Have You Ever Seen The Rain
    "spotify:track:05oETzWbd4SI33qK2gbJfR", # Fleetwood Mac – Rhiannon
    "spotify:track:5gOd6zDC8vhlYjqbQdJVWP", # Gerry Rafferty – Baker Street
    "spotify:track:39qYD4J4BKvZMQgxfXl5bv", # The Alan Parsons Project – Eye In The Sky
    "spotify:track:0qxYx4F3vm1AOnfux6dDxP", # Paul Simon – You Can Call Me Al
    "spotify:track:2374M0fQpWi3dLnB54qaLX", # TOTO – Africa
    "spotify:track:4KFM3A5QF2IMcc6nHsu3Wp", # Sting – Englishman In New York
    "spotify:track:11bD1JtSjlIgKgZG2134DZ", # Snow Patrol – Chasing Cars
    "spotify:track:2MLHyLy5z5l5YRp7momlgw", # Weezer – Island In The Sun
    "spotify:track:2UWdUez9MB9yzL7Y81Mcip", # Arcade Fire – The Suburbs
  ]

  # Songs with the year they came out: any object with a uri is a song, and its other attributes are there to choose by.
  floor = [
    { uri = "spotify:track:7Kszjzps0xbQXyo1pO4KfE", year = 1978 }, # CHIC – Le Freak
    { uri = "spotify:track:5IKLwqBQG6KU6MP2zP80Nu", year = 1979 }, # Sister Sledge – We Are Family
    { uri = "spotify:track:0GjEhVFGZW8afUYGChu3Rr", year = 1976 }, # ABBA – Dancing Queen
    { uri = "spotify:track:5jUA1njy3h6ynHLvPdEVHt", year = 1976 }, # The Trammps – Disco Inferno
    { uri = "spotify:track:3K7Q9PHUWPTaknlbFPThn2", year = 1980 }, # Kool & The Gang – Celebration
    { uri = "spotify:track:5ChkMS8OtdzJeqyybCc9R5", year = 1982 }, # Michael Jackson – Billie Jean
    { uri = "spotify:track:1TfqLAPs4K3s2rJMoCokcS", year = 1983 }, # Eurythmics, Annie Lennox, Dave Stewart – Sweet Dreams (Are Made of This)
    { uri = "spotify:track:53Za5vyGc1x7GxgJVRjRKc", year = 1983 }, # Rufus, Chaka Khan – Ain't Nobody
    { uri = "spotify:track:2WfaOiMkCvy7F5fcp2zZ8L", year = 1985 }, # a-ha – Take on Me
    { uri = "spotify:track:2tUBqZG2AbRi7Q0BIrVrEj", year = 1987 }, # Whitney Houston – I Wanna Dance with Somebody (Who Loves Me)
    { uri = "spotify:track:7aS418hRnOnYrXeyrZilwk", year = 1988 }, # Erasure – A Little Respect
    { uri = "spotify:track:6MdqqkQ8sSC0WB4i8PyRuQ", year = 1996 }, # Blackstreet, Dr. Dre, Queen Pen – No Diggity
    { uri = "spotify:track:1KGi9sZVMeszgZOWivFpxs", year = 1999 }, # TLC – No Scrubs
    { uri = "spotify:track:7H6ev70Weq6DdpZyyTmUXk", year = 1999 }, # Destiny's Child – Say My Name
    { uri = "spotify:track:2goLsvvODILDzeeiT4dAoR", year = 1998 }, # Cher – Believe
    { uri = "spotify:track:1XPcnAQncIro2b4sKDdDnX", year = 1998 }, # Fatboy Slim – Praise You
    { uri = "spotify:track:0DiWol3AO6WpXZgp0goxAV", year = 2001 }, # Daft Punk – One More Time
    { uri = "spotify:track:2PpruBYCo4H7WOBJ7Q2EwM", year = 2003 }, # OutKast – Hey Ya!
    { uri = "spotify:track:5IVuqXILoxVWvWEPm82Jxr", year = 2003 }, # Beyoncé, JAŸ-Z – Crazy In Love
    { uri = "spotify:track:5R8dQOPq8haW94K7mgERlO", year = 2008 }, # Lady Gaga – Poker Face
  ]
}

# A list is a list: these songs, in this order. A link from Spotify's share menu, a URI and a bare ID all do.
playlist "morning" {
  name        = "Morning, ${var.mood}"
  description = "Coffee first. ${local.signature}"
  public      = false

  tracks = [
    "https://open.spotify.com/track/6dGnYIeXmHdcikdzNNDMm2?si=6f1c0a2b9d3e4f58", # The Beatles – Here Comes The Sun
    "https://open.spotify.com/intl-de/track/0DcrhZ12WcCqruCs8ibXSf",             # Johnny Nash – I Can See Clearly Now
    "spotify:track:3AJwUDP919kvQ9QcozQPxg",                                      # Coldplay – Yellow
    "6vZZtivPrtpggT5SSXsYTy",                                                    # Peter Gabriel – Solsbury Hill
    "spotify:track:0gEyKnHvgkrkBM6fbeHdwK",                                      # The Cranberries – Linger
    "spotify:track:4QlzkaRHtU8gAdwqjWmO8n",                                      # The Cure – Friday I'm In Love
    "spotify:track:1JO1xLtVc8mWhIoE3YaCL0",                                      # The Turtles – Happy Together
    "spotify:track:2G0GextMwZJLkNxcSZ7ZJ3",                                      # Sam Cooke – (What A) Wonderful World
    "spotify:track:3yUcJwYu7fXAfqMj9krY6l",                                      # Dido – Thank You
    "spotify:track:6FjAGZp7c0Z2uaL3eHkXsx",                                      # Norah Jones – Turn Me On
    "https://open.spotify.com/episode/512ojhOuo1ktJprKbVcKyQ",                   # Spotify: For the Record – Starting Your Own Podcast: Tips, Tricks, and Advice From Anchor Creators
    "spotify:track:003vvx7Niy0yvhvHt4a68B",                                      # The Killers – Mr. Brightside
  ]
}

# Two lists, turn by turn.
playlist "road_trip" {
  name        = "Road trip"
  description = "Loud, gentle, loud, gentle. ${local.signature}"
  tracks      = interleave(local.loud, local.gentle)
}

# Jazz at the end of the day. The order is the point, so edits move songs and never rewrite the list: each keeps the
# date it was added.
playlist "after_hours" {
  name        = "After hours"
  description = "Low light."
  keep_dates  = "always"

  tracks = [
    "spotify:track:4vLYewWIvqHfKtJDk8c8tq", # Miles Davis – So What
    "spotify:track:2x91iJc0UkFcjRMEZ2CoWB", # Miles Davis – Freddie Freeloader
    "spotify:track:0aWMVrwxPNYkKmFthzmpRi", # Miles Davis – Blue in Green
    "spotify:track:5vb7At47uO0yPGfmYnAHuw", # Miles Davis – 'Round Midnight
    "spotify:track:1YQWosTIljIvxAgHWTp7KP", # The Dave Brubeck Quartet – Take Five
    "spotify:track:6Rqn2GFlmvmV4w9Ala0I1e", # Nina Simone – Feeling Good
    "spotify:track:5b7OgznPJJr1vHNYGyvxau", # Frank Sinatra, Count Basie – Fly Me To The Moon (In Other Words)
    "spotify:track:29U7stRjqHU6rMiS8BfaI9", # Louis Armstrong – What A Wonderful World
    "spotify:track:0wAyDBh0ujohCsYeXBtDLF", # Glenn Miller – In the Mood
  ]
}

# One block, one playlist for each decade: playlist.dance["1970"] and so on.
playlist "dance" {
  for_each = toset(["1970", "1980", "1990", "2000"])

  name        = "Dance floor: the ${substr(each.key, 2, 2)}s"
  description = "${length([for s in local.floor : s if floor(s.year / 10) * 10 == tonumber(each.key)])} songs of ${each.key} to ${each.key + 9}."
  tracks      = [for s in sort_by(local.floor, "year") : s if floor(s.year / 10) * 10 == tonumber(each.key)]
}

# Made of the others: the first songs of the road trip and the dance floors, shuffled. The seed decides the order;
# change it for another one.
playlist "party" {
  name        = "Party"
  description = "A different order every summer."

  tracks = shuffle(concat(
    take(playlist.road_trip.tracks, 8),
    playlist.dance["1980"].tracks,
    playlist.dance["2000"].tracks,
    [
      "spotify:track:69kOkLUCkxIZYexIgSG8rq", # Daft Punk, Pharrell Williams, Nile Rodgers – Get Lucky (feat. Pharrell Williams and Nile Rodgers)
      "spotify:track:0VjIjW4GlUZAMYd2vXMi3b", # The Weeknd – Blinding Lights
      "spotify:track:2Cd9iWfcOpGDHLz6tVA3G4", # Shakira, Freshlyground – Waka Waka (This Time for Africa)
      "spotify:track:6habFhsOp2NvshLv26DqMb", # Luis Fonsi, Daddy Yankee – Despacito
    ],
  ), "summer 2026")
}

# Songs also added by thumb on the phone: what is written here is put in when it is missing, and nothing is removed.
playlist "found" {
  name = "Found this year"
  mode = "append"

  tracks = [
    "spotify:track:3kdyKV4Oo0Ogkx2tDJ8oT0", # The Knife – Heartbeats
    "spotify:track:0MHXrqn909p0LRTPsNsGEi", # Curtis Mayfield – Move on Up
    "spotify:track:6b37xrsNCWYIUphFBazqD6", # Manu Chao – Me Gustas Tu
    "spotify:track:7d3cKDG22Ig9kZOS1qsq3S", # Miriam Makeba – Pata Pata
    "spotify:track:6UGpcXcENaUqQKPc6oqOe4", # The Magnetic Fields – The Book of Love
  ]
}

output "songs" {
  value = {
    for name, tracks in {
      morning     = playlist.morning.tracks
      road_trip   = playlist.road_trip.tracks
      after_hours = playlist.after_hours.tracks
      party       = playlist.party.tracks
    } : name => length(tracks)
  }
}
