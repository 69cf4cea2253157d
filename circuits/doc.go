package circuits
