# Runs against the simulator: see ../../README.md for how to start it.

run "setup" {
  module {
    source = "./tests/setup"
  }
}

run "publishes_the_flow" {
  variables {
    flow_json = file("./tests/greeting.json")
  }

  assert {
    condition     = output.published == sha256(output.flow_json)
    error_message = "Another flow was published than the one with the ids of the organization."
  }

  assert {
    condition     = !strcontains(output.flow_json, "5c7c2677-0e2a-4f57-a9ab-3d7d7a3ad9f1")
    error_message = "The flow has the id of another organization."
  }
}
