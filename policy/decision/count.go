package decision

// Count counts findings by state, and failing ones by severity.
func Count(findings []Finding) Summary {
	s := Summary{Failing: map[string]int{}}
	for i := range findings {
		switch findings[i].State {
		case StatePass:
			s.Pass++
		case StateFail:
			s.Fail++
			s.Failing[string(findings[i].Severity)]++
		case StateWaived:
			s.Waived++
		case StateNotApplicable:
			s.NotApplicable++
		case StateUnknown:
			s.Unknown++
		}
	}
	return s
}
