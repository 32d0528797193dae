// Renders the templates of a chart as Helm does, by the same engine (Go's text/template) and with those of its
// functions that the chart calls; any other is an error, and so is a value that is not there. Reads what templates are
// given as JSON on standard input, writes the documents to standard output.
//
//	go run render.go FOLDER/templates < values.json
package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"
)

// yamlOf writes a value as a block, as toYaml does. Texts are quoted as JSON has them, which is YAML.
func yamlOf(value any, indent string) string {
	switch value := value.(type) {
	case map[string]any:
		if len(value) == 0 {
			return "{}"
		}
		keys := make([]string, 0, len(value))
		for key := range value {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		var lines []string
		for _, key := range keys {
			lines = append(lines, indent+key+":"+nested(value[key], indent))
		}
		return strings.TrimPrefix(strings.Join(lines, "\n"), indent)
	case []any:
		if len(value) == 0 {
			return "[]"
		}
		var lines []string
		for _, one := range value {
			lines = append(lines, indent+"- "+yamlOf(one, indent+"  "))
		}
		return strings.TrimPrefix(strings.Join(lines, "\n"), indent)
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func nested(value any, indent string) string {
	switch value := value.(type) {
	case map[string]any:
		if len(value) > 0 {
			return "\n" + indent + "  " + yamlOf(value, indent+"  ")
		}
	case []any:
		if len(value) > 0 {
			return "\n" + indent + "  " + yamlOf(value, indent+"  ")
		}
	}
	return " " + yamlOf(value, indent)
}

func main() {
	paths, err := filepath.Glob(filepath.Join(os.Args[1], "*"))
	if err != nil || len(paths) == 0 {
		panic("no templates")
	}
	all := template.New("chart").Option("missingkey=error")
	all.Funcs(template.FuncMap{
		"include": func(name string, data any) (string, error) {
			var out strings.Builder
			err := all.ExecuteTemplate(&out, name, data)
			return out.String(), err
		},
		"toYaml": func(value any) string { return yamlOf(value, "") },
		"nindent": func(count int, text string) string {
			pad := strings.Repeat(" ", count)
			return "\n" + pad + strings.ReplaceAll(text, "\n", "\n"+pad)
		},
		"quote": func(value any) string { return fmt.Sprintf("%q", fmt.Sprint(value)) },
		"default": func(usual, value any) any {
			if value == nil || value == "" {
				return usual
			}
			return value
		},
		"sha256sum": func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) },
	})
	var data map[string]any
	if err := json.NewDecoder(os.Stdin).Decode(&data); err != nil {
		panic(err)
	}
	template.Must(all.ParseFiles(paths...))
	for _, path := range paths {
		if strings.HasSuffix(path, ".tpl") {
			continue
		}
		fmt.Println("---")
		if err := all.ExecuteTemplate(os.Stdout, filepath.Base(path), data); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
