"""What carries documents: any of them will do, because a document proves itself."""
