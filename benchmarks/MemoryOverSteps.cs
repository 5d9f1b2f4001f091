namespace MfRae.Lab.Benchmarks;

/// <summary>The resident set of a process over the steps of one training, which must stay flat.</summary>
internal static class MemoryOverSteps
{
    private const int Rows = 10;
    private const double MiB = 1024 * 1024;

    public static void Run(string name, int steps)
    {
        using var workload = new Workload("default");
        var variant = Variant.AtShare(0.25).Append(Variant.Plain).Single(variant => variant.Name == name);
        Console.WriteLine($"{Machine.Description}; {workload.Description}; {variant.Title}, 25 % with r < t.");
        Console.WriteLine();
        Console.WriteLine("| step | resident MB |");
        Console.WriteLine("|---|---|");
        workload.Train(variant, steps, step =>
        {
            if (step % Math.Max(1, steps / Rows) == 0)
                Console.WriteLine(FormattableString.Invariant($"| {step} | {Environment.WorkingSet / MiB:F0} |"));
        });
    }
}
