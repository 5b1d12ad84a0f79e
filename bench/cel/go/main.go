// cel-go's part of the comparison: `peer WORKLOAD` prints one line for each measurement (see ../workload.py).
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"syscall"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/interpreter"
)

type workload struct {
	Seconds float64           `json:"seconds"`
	Fields  map[string]string `json:"fields"`
	Sets    []struct {
		Name   string           `json:"name"`
		Rules  []string         `json:"rules"`
		Events []map[string]any `json:"events"`
	} `json:"sets"`
}

// The values of an event as cel-go takes them without a conversion per evaluation.
func activation(event map[string]any, fields map[string]string) interpreter.Activation {
	values := map[string]any{}
	for name, value := range event {
		switch fields[name] {
		case "int":
			values[name] = int64(value.(float64))
		case "list(string)":
			texts := []string{}
			for _, each := range value.([]any) {
				texts = append(texts, each.(string))
			}
			values[name] = texts
		default:
			values[name] = value
		}
	}
	result, err := interpreter.NewActivation(values)
	if err != nil {
		panic(err)
	}
	return result
}

func environment(fields map[string]string) *cel.Env {
	types := map[string]*cel.Type{"int": cel.IntType, "double": cel.DoubleType, "bool": cel.BoolType,
		"string": cel.StringType, "list(string)": cel.ListType(cel.StringType)}
	options := []cel.EnvOption{}
	for name, kind := range fields {
		options = append(options, cel.Variable(name, types[kind]))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		panic(err)
	}
	return env
}

func compile(env *cel.Env, source string) cel.Program {
	ast, issues := env.Compile(source)
	if issues.Err() != nil {
		panic(issues.Err())
	}
	program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		panic(err)
	}
	return program
}

// CPU time of the process, in nanoseconds.
func now() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Nano() + usage.Stime.Nano())
}

// What one round of all rules over all events adds up to; every engine has to get the same.
func round(programs []cel.Program, activations []interpreter.Activation) int64 {
	sum := int64(0)
	for _, event := range activations {
		for _, program := range programs {
			value, _, err := program.Eval(event)
			if err != nil {
				panic(err)
			}
			switch result := value.Value().(type) {
			case bool:
				if result {
					sum++
				}
			case int64:
				sum += result
			}
		}
	}
	return sum
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var work workload
	if err := json.Unmarshal(text, &work); err != nil {
		panic(err)
	}
	version := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, each := range info.Deps {
			if each.Path == "cel.dev/cel-go" {
				version = each.Version
			}
		}
		fmt.Printf("version cel-go %s, %s\n", version, info.GoVersion)
	}
	env := environment(work.Fields)
	for _, set := range work.Sets {
		var programs []cel.Program
		start, compiled := now(), 0
		for compiled == 0 || now()-start < work.Seconds*0.25e9 {
			programs = nil
			for _, rule := range set.Rules {
				programs = append(programs, compile(env, rule))
			}
			compiled += len(set.Rules)
		}
		compiling := (now() - start) / float64(compiled)
		activations := []interpreter.Activation{}
		for _, event := range set.Events {
			activations = append(activations, activation(event, work.Fields))
		}
		sum := round(programs, activations)
		rounds, batch := 0, 1+20000/(len(set.Rules)*len(set.Events)) // The clock is not what is measured.
		start = now()
		for now()-start < work.Seconds*1e9 {
			for i := 0; i < batch; i++ {
				round(programs, activations)
			}
			rounds += batch
		}
		evaluations := float64(rounds * len(set.Rules) * len(set.Events))
		fmt.Printf("%s %.2f %.0f %d\n", set.Name, (now()-start)/evaluations, compiling, sum)
	}
}
