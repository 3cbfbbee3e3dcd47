// Acceptance tests with HashiCorp's test kit: the real CLI, the built provider,
// and a simulator for each test. Run them by `make acceptance`, which builds both
// and says where they are.
package plugin_testing

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

const (
	address      = "webex_cc_custom_connector.this"
	organization = "3f1c9a52-7d4e-4b8a-9c06-5e2d81b7f430"
	token        = "simulator-token_" + organization
)

// simulator is a running simulator.
type simulator struct {
	t   *testing.T
	url string
}

// simulate starts a simulator, and points the provider to it.
func simulate(t *testing.T, flags ...string) *simulator {
	t.Helper()
	program := exec.Command(os.Getenv("SIMULATOR"), flags...)
	output, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatalf("the simulator does not start: %v", err)
	}
	t.Cleanup(func() {
		_ = program.Process.Kill()
		_ = program.Wait()
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
	t.Setenv("WEBEX_CC_BASE_URL", url)
	t.Setenv("WEBEX_ACCESS_TOKEN", token)
	return &simulator{t: t, url: url}
}

// call sends a request as somebody else would, and returns the response.
func (s *simulator) call(method, path string, body any) map[string]any {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	request, err := http.NewRequest(method, s.url+path, bytes.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if response.StatusCode >= 300 {
		s.t.Fatalf("%s %s: %s %s", method, path, response.Status, answer)
	}
	found := map[string]any{}
	_ = json.Unmarshal(answer, &found)
	return found
}

// connectors returns all connectors, also those that lists do not show yet.
func (s *simulator) connectors() []map[string]any {
	s.t.Helper()
	path := "/organization/" + organization + "/v2/connector"
	list := s.call("GET", path, nil)["data"].([]any)
	var found []map[string]any
	for _, row := range list {
		found = append(found, row.(map[string]any))
	}
	return found
}

// edit changes the only connector by hand.
func (s *simulator) edit(changes map[string]any) {
	s.t.Helper()
	connector := s.connectors()[0]
	path := fmt.Sprintf("/organization/%s/connector/%s", organization, connector["id"])
	for key, value := range changes {
		connector[key] = value
	}
	s.call("PUT", path, connector)
}

// remove deletes the only connector by hand.
func (s *simulator) remove() {
	s.t.Helper()
	id := s.connectors()[0]["id"]
	s.call("DELETE", fmt.Sprintf("/organization/%s/connector/%s", organization, id), nil)
}

// destroyed checks that nothing is left.
func (s *simulator) destroyed(*terraform.State) error {
	if left := s.connectors(); len(left) > 0 {
		return fmt.Errorf("%d connectors are left", len(left))
	}
	return nil
}

// test runs steps against a simulator.
func (s *simulator) test(steps ...resource.TestStep) {
	s.t.Helper()
	resource.Test(s.t, s.testCase(steps...))
}

func (s *simulator) testCase(steps ...resource.TestStep) resource.TestCase {
	return resource.TestCase{
		// The CLI finds the provider by its configuration (TF_CLI_CONFIG_FILE).
		ExternalProviders: map[string]resource.ExternalProvider{
			"webex": {Source: os.Getenv("SOURCE")},
		},
		CheckDestroy: s.destroyed,
		Steps:        steps,
	}
}

// basic is the configuration of a connector with a password in state.
func basic(name string, more ...string) string {
	return fmt.Sprintf(`
resource "webex_cc_custom_connector" "this" {
  name                = %q
  resource_domain_url = "https://example.com/api"
  validation_url      = "https://example.com/api"
  username            = "agent"
  password            = "acceptance-password"
  %s
}
`, name, strings.Join(more, "\n  "))
}

func since(minor uint64) []tfversion.TerraformVersionCheck {
	return []tfversion.TerraformVersionCheck{
		tfversion.SkipBelow(version(1, minor)),
	}
}

func value(name string) tfjsonpath.Path { return tfjsonpath.New(name) }

func TestLifeCycle(t *testing.T) {
	same := statecheck.CompareValue(compare.ValuesSame())
	simulate(t).test(
		resource.TestStep{
			Config: basic("Help desk"),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate),
					plancheck.ExpectUnknownValue(address, value("id")),
					plancheck.ExpectKnownValue(address, value("active"), knownvalue.Bool(true)),
					plancheck.ExpectSensitiveValue(address, value("password")),
				},
				PostApplyPreRefresh:  []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, value("organization_id"), knownvalue.StringExact(organization)),
				statecheck.ExpectSensitiveValue(address, value("password")),
				same.AddStateValue(address, value("id")),
			},
		},
		resource.TestStep{Config: basic("Help desk"), PlanOnly: true},
		resource.TestStep{
			Config: basic("Renamed", "active = false"),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
				},
			},
			ConfigStateChecks: []statecheck.StateCheck{same.AddStateValue(address, value("id"))},
		},
		resource.TestStep{RefreshState: true},
	)
}

func TestReplacement(t *testing.T) {
	replaced := resource.ConfigPlanChecks{
		PreApply: []plancheck.PlanCheck{
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate),
		},
	}
	// Each step adds a value.
	differ := statecheck.CompareValue(compare.ValuesDiffer())
	id := func() []statecheck.StateCheck {
		return []statecheck.StateCheck{differ.AddStateValue(address, value("id"))}
	}
	simulate(t).test(
		resource.TestStep{Config: basic("Help desk"), ConfigStateChecks: id()},
		resource.TestStep{
			Config:            oauth,
			ConfigPlanChecks:  replaced,
			ConfigStateChecks: id(),
		},
		resource.TestStep{
			Taint:             []string{address},
			Config:            oauth,
			ConfigPlanChecks:  replaced,
			ConfigStateChecks: id(),
		},
	)
}

const oauth = `
resource "webex_cc_custom_connector" "this" {
  name                = "Help desk"
  authentication_type = "oauth2"
  resource_domain_url = "https://example.com/api"
  token_url           = "https://example.com/token"
  client_id           = "client"
  client_secret       = "acceptance-secret"
}
`

func TestWriteOnly(t *testing.T) {
	configuration := func(version int) string {
		return fmt.Sprintf(`
resource "webex_cc_custom_connector" "this" {
  name                = "Help desk"
  resource_domain_url = "https://example.com/api"
  validation_url      = "https://example.com/api"
  username            = "agent"
  password_wo         = "acceptance-password-%d"
  password_wo_version = %d
}
`, version, version)
	}
	s := simulate(t)
	test := s.testCase(
		resource.TestStep{
			Config: configuration(1),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(address, value("password_wo"), knownvalue.Null()),
				statecheck.ExpectKnownValue(address, value("password"), knownvalue.Null()),
			},
		},
		resource.TestStep{
			Config: configuration(2),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
				},
			},
		},
	)
	test.TerraformVersionChecks = since(11)
	resource.Test(t, test)
}

func TestImportByCommand(t *testing.T) {
	// Credentials are not read.
	ignored := []string{"password"}
	simulate(t).test(
		resource.TestStep{Config: basic("Help desk")},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateVerify: true,
			ImportStateVerifyIgnore: ignored,
		},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateVerify: true,
			ImportStateVerifyIgnore: ignored, ImportStateIdPrefix: organization + "/",
		},
		resource.TestStep{
			ResourceName: address, ImportState: true,
			ImportStateId: "00000000-0000-4000-8000-000000000000",
			ExpectError:   regexp.MustCompile("00000000-0000-4000-8000-000000000000"),
		},
	)
}

func TestImportByBlock(t *testing.T) {
	simulate(t).test(
		resource.TestStep{Config: withoutPassword},
		resource.TestStep{
			ResourceName: address, ImportState: true,
			ImportStateKind: resource.ImportBlockWithID,
		},
	)
}

func TestImportByIdentity(t *testing.T) {
	s := simulate(t)
	test := s.testCase(
		resource.TestStep{
			Config: withoutPassword,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectIdentityValue(address, value("organization_id"), knownvalue.StringExact(organization)),
				statecheck.ExpectIdentityValueMatchesState(address, value("id")),
			},
		},
		resource.TestStep{
			ResourceName: address, ImportState: true,
			ImportStateKind: resource.ImportBlockWithResourceIdentity,
		},
	)
	test.TerraformVersionChecks = since(12)
	resource.Test(t, test)
}

// The password is sent by the create only, so the import has nothing to send.
const withoutPassword = `
resource "webex_cc_custom_connector" "this" {
  name                = "Help desk"
  resource_domain_url = "https://example.com/api"
  validation_url      = "https://example.com/api"
  username            = "agent"
  password_wo         = "acceptance-password"

  lifecycle {
    ignore_changes = [password_wo]
  }
}
`

func TestDrift(t *testing.T) {
	s := simulate(t, "--active-lock", "off")
	configuration := basic("Help desk")
	s.test(
		resource.TestStep{Config: configuration},
		resource.TestStep{
			PreConfig: func() { s.edit(map[string]any{"resourceDomain": "https://elsewhere.example"}) },
			Config:    configuration,
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
				},
			},
		},
		resource.TestStep{
			PreConfig: s.remove,
			Config:    configuration,
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate),
				},
			},
		},
	)
}

func TestDataSources(t *testing.T) {
	pairs := statecheck.CompareValuePairs(
		address, value("id"), "data.webex_cc_custom_connector.this", value("id"), compare.ValuesSame(),
	)
	simulate(t).test(resource.TestStep{
		Config: basic("Help desk") + `
data "webex_cc_custom_connector" "this" {
  name = webex_cc_custom_connector.this.name
}

data "webex_cc_custom_connectors" "all" {
  depends_on = [webex_cc_custom_connector.this]
}
`,
		ConfigStateChecks: []statecheck.StateCheck{
			pairs,
			statecheck.ExpectKnownValue("data.webex_cc_custom_connectors.all", value("ids"), knownvalue.MapSizeExact(1)),
		},
	})
}

func TestQuery(t *testing.T) {
	s := simulate(t)
	test := s.testCase(
		resource.TestStep{Config: basic("Help desk")},
		resource.TestStep{
			Query: true,
			Config: `
provider "webex" {}

list "webex_cc_custom_connector" "all" {
  provider = webex
}
`,
			QueryResultChecks: []querycheck.QueryResultCheck{
				querycheck.ExpectLength("webex_cc_custom_connector.all", 1),
			},
		},
	)
	test.TerraformVersionChecks = since(14)
	resource.Test(t, test)
}

// Webex shows a new connector late. It is neither lost nor made twice.
func TestLateReads(t *testing.T) {
	s := simulate(t, "--visible-after-ms", "2000")
	s.test(
		resource.TestStep{Config: basic("Help desk")},
		resource.TestStep{Config: basic("Help desk"), PlanOnly: true},
	)
}

// A destroy right after an apply leaves nothing.
func TestLateReadsDestroy(t *testing.T) {
	s := simulate(t, "--visible-after-ms", "2000")
	test := s.testCase(resource.TestStep{Config: basic("Help desk")})
	test.CheckDestroy = func(state *terraform.State) error {
		time.Sleep(2500 * time.Millisecond)
		return s.destroyed(state)
	}
	resource.Test(t, test)
}

func TestErrors(t *testing.T) {
	simulate(t).test(resource.TestStep{
		Config:      basic("Help desk", `grant_type = "password"`),
		ExpectError: regexp.MustCompile("grant_type"),
	})
}
