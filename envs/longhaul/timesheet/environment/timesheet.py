import sys
T = {}
E = []
for l in open(sys.argv[1]):
    l = l.split("#")[0].strip()
    if l == "": continue
    p = l.split()
    try:
        d, n, a, b = p
        h1, m1 = a.split(":")
        h2, m2 = b.split(":")
        t = int(h2) * 60 + int(m2) - int(h1) * 60 - int(m1)
        if t <= 0 or int(h1) > 23 or int(h2) > 23 or int(m1) > 59 or int(m2) > 59: raise ValueError
        if n in T: T[n] = T[n] + t
        else: T[n] = t
    except ValueError:
        E.append(l)
for n in sorted(T, key=lambda n: (-T[n], n)):
    print("%-10s %3d:%02d" % (n, T[n] / 60, T[n] % 60))
print("total      %3d:%02d" % (sum(T.values()) / 60, sum(T.values()) % 60))
if E: print("bad: " + "; ".join(E))
