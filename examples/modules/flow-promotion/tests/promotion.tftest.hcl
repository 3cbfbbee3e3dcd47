# Runs against the simulator: see ../../README.md for how to start it. OpenTofu
# knows the outputs of other runs in variables only, not in assertions.

run "setup" {
  module {
    source = "./tests/setup"
  }
}

run "exchanges_the_ids_and_nothing_else" {
  variables {
    flow_json = file("./tests/greeting.json")
  }

  assert {
    condition = output.flow_json == replace(
      file("./tests/greeting.json"),
      "5c7c2677-0e2a-4f57-a9ab-3d7d7a3ad9f1",
      output.connectors["Incidents"],
    )
    error_message = "The flow is not the same but for the id of its connector."
  }

  assert {
    condition     = toset(keys(output.connectors)) == toset(["Help desk", "Incidents", "Not used"])
    error_message = "The connectors are not those of the organization."
  }
}

run "does_no_harm_twice" {
  variables {
    flow_json = run.exchanges_the_ids_and_nothing_else.flow_json
  }

  assert {
    condition     = output.flow_json == var.flow_json
    error_message = "A flow that is bound already was changed."
  }
}

run "takes_an_id_that_is_given" {
  variables {
    flow_json  = file("./tests/greeting.json")
    connectors = { "Incidents" = "00000000-0000-4000-8000-000000000000" }
  }

  assert {
    condition     = strcontains(output.flow_json, "00000000-0000-4000-8000-000000000000")
    error_message = "The id that was given does not win."
  }
}
