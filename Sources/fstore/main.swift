print("fstore")
