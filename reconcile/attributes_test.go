package reconcile

import (
	"reflect"
	"testing"

	"github.com/spotsync/spotsync/spotify"
)

// TestAttributesAreAll: a detail that a request can send is among the attributes, and each attribute is about its own alone.
func TestAttributesAreAll(t *testing.T) {
	fields := reflect.TypeFor[Details]().NumField()
	if fields != len(Attributes) {
		t.Fatalf("%d details and %d attributes", fields, len(Attributes))
	}
	full := Details{Name: new("A"), Description: new("B"), Public: new(true), Collaborative: new(true)}
	wanted := DesiredState{Name: full.Name, Description: full.Description, Public: full.Public, Collaborative: full.Collaborative}
	for i := range fields {
		var d Details
		reflect.ValueOf(&d).Elem().Field(i).Set(reflect.ValueOf(full).Field(i))
		for k, a := range Attributes {
			if a.Sends(d) != (k == i) {
				t.Errorf("%s: sent is %v where %s is", a.Name, a.Sends(d), Attributes[i].Name)
			}
		}
		a := Attributes[i]
		if got, ok := AttributeNamed(a.Name); !ok || got.Name != a.Name {
			t.Errorf("%s is not found", a.Name)
		}
		var has, copied spotify.Details
		a.set(&has, d)
		a.Copy(&copied, &has)
		if has == (spotify.Details{}) || !reflect.DeepEqual(has, copied) || !a.same(has, copied) || !a.similar(has, copied) {
			t.Errorf("%s: %+v, copied %+v", a.Name, has, copied)
		}
		for k, other := range Attributes {
			if other.same(has, spotify.Details{}) != (k != i) || other.similar(has, spotify.Details{}) != (k != i) {
				t.Errorf("%s differs where %s does", other.Name, a.Name)
			}
		}
		a.Unsend(&d)
		if d != (Details{}) {
			t.Errorf("%s: %+v is left", a.Name, d)
		}
		w := wanted
		if !a.Wants(w) || reflect.ValueOf(a.Wanted(w)).IsNil() {
			t.Errorf("%s is not wanted", a.Name)
		}
		a.Unwant(&w)
		for k, other := range Attributes {
			if other.Wants(w) != (k != i) {
				t.Errorf("%s without %s: wanted is %v", other.Name, a.Name, other.Wants(w))
			}
		}
		after, before := Picture{Name: "A", Description: "B", Public: new(true), Collaborative: true}, Picture{}
		a.Undo(&after, &before)
		if n := differing(after, before); n != fields-1 {
			t.Errorf("%s undone: %d attributes differ", a.Name, n)
		}
	}
}

// differing is how many attributes two pictures differ in.
func differing(a, b Picture) (n int) {
	of := func(p Picture) spotify.Details {
		return spotify.Details{Name: p.Name, Description: p.Description, Public: p.Public, Collaborative: p.Collaborative}
	}
	for _, x := range Attributes {
		if !x.same(of(a), of(b)) {
			n++
		}
	}
	return n
}
