package main

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// rule changes the nodes of a syntax tree that it matches: it returns the node to replace
// and the text to put in its place.
type rule struct {
	name   string
	change func(n ast.Node, text func(ast.Node) string) (old ast.Node, to string, ok bool)
}

// statements are the calls that constrain a prover.
var statements = []string{
	"AssertIsEqual", "Contract", "DivRound", "Equals", "Expose", "Lookup", "MatMul", "Max", "NonNegative", "Product", "Range", "Zero",
	"constrain", "mulSumEquals", "zero", "fold", "lookupTable", "lookups", "matMul", "product", "digits",
	"contractPacked", "contractProjected", "boundRest", "remainder", "write", "commit", "bind",
}

// dropStatement leaves out a call that constrains the prover.
var dropStatement = rule{"statement left out", func(n ast.Node, text func(ast.Node) string) (ast.Node, string, bool) {
	stmt, ok := n.(*ast.ExprStmt)
	if !ok {
		return nil, "", false
	}
	call, ok := stmt.X.(*ast.CallExpr)
	if !ok {
		return nil, "", false
	}
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains(statements, fun.Sel.Name) {
		return nil, "", false
	}
	used := []string{text(fun.X)}
	for _, a := range call.Args {
		used = append(used, text(a))
	}
	if call.Ellipsis != token.NoPos {
		return nil, "", false
	}
	return stmt, strings.Repeat("_, ", len(used)-1) + "_ = " + strings.Join(used, ", "), true
}}

// neverRefuse makes a check that returns an error never do so. Errors handed on from calls
// are no checks.
var neverRefuse = rule{"check that never refuses", func(n ast.Node, text func(ast.Node) string) (ast.Node, string, bool) {
	s, ok := refusal(n, text)
	if !ok {
		return nil, "", false
	}
	return s.Cond, "false && (" + text(s.Cond) + ")", true
}}

// refusal returns the if statement that is nothing but a check.
func refusal(n ast.Node, text func(ast.Node) string) (*ast.IfStmt, bool) {
	s, ok := n.(*ast.IfStmt)
	if !ok || s.Else != nil || len(s.Body.List) != 1 || strings.HasPrefix(text(s.Cond), "err") ||
		strings.Contains(text(s.Cond), "ctx.Err()") { // an error handed on, or no check but a wish to stop
		return nil, false
	}
	switch b := s.Body.List[0].(type) {
	case *ast.ReturnStmt:
		if len(b.Results) == 0 {
			return nil, false
		}
		last := text(b.Results[len(b.Results)-1])
		return s, last == "false" || strings.Contains(last, "rr") && (strings.Contains(last, "Err") || strings.Contains(last, "Errorf")) ||
			strings.HasPrefix(last, "malformed(") || strings.HasPrefix(last, "reject")
	case *ast.ExprStmt:
		return s, strings.HasPrefix(text(b.X), "d.fail(")
	}
	return nil, false
}

// boundary moves the bound of a check by one.
var boundary = rule{"bound moved by one", func(n ast.Node, text func(ast.Node) string) (ast.Node, string, bool) {
	s, ok := refusal(n, text)
	if !ok {
		return nil, "", false
	}
	c, ok := s.Cond.(*ast.BinaryExpr)
	if !ok {
		return nil, "", false
	}
	other := map[token.Token]string{token.LSS: "<=", token.LEQ: "<", token.GTR: ">=", token.GEQ: ">"}[c.Op]
	if other == "" {
		return nil, "", false
	}
	return c, text(c.X) + " " + other + " " + text(c.Y), true
}}
