package relation
