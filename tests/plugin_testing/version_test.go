package plugin_testing

import (
	"fmt"

	goversion "github.com/hashicorp/go-version"
)

func version(major, minor uint64) *goversion.Version {
	return goversion.Must(goversion.NewVersion(fmt.Sprintf("%d.%d.0", major, minor)))
}
