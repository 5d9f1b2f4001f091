using System.Globalization;
using MfRae.Lab.Benchmarks;
using MfRae.Lab.Learning.Numerics;

// See README.md in this folder.
var options = args.Skip(1).Select(argument => argument.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair.ElementAtOrDefault(1) ?? "");
int Number(string name, int otherwise) =>
    options.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
var threads = Number("threads", Environment.ProcessorCount);
ComputeDevice.Prepare(threads);
switch (args.FirstOrDefault())
{
    case "step-cost" when options.TryGetValue("peak", out var variant):
        Console.WriteLine(StepCost.Peak(variant));
        return 0;
    case "step-cost":
        StepCost.Run(options.GetValueOrDefault("sizes", "default,large").Split(','), Number("rounds", 7), threads);
        return 0;
    case "loader":
        new LoaderSpeed(Number("images", 256), threads).Run();
        return 0;
    case "memory":
        MemoryOverSteps.Run(options.GetValueOrDefault("variant", "central"), Number("steps", 2000));
        return 0;
    case "tracking":
        Console.WriteLine($"{Machine.Description}.");
        Console.WriteLine();
        LogCost.Run();
        Console.WriteLine();
        IngestCost.Run();
        Console.WriteLine();
        LoggedSteps.Run(Number("steps", 1000));
        return 0;
    case "time-stability":
        TimeStabilityTable.Run();
        return 0;
    case "serve-load" when options.TryGetValue("viewers-of", out var page):
        ServeLoad.Watch(page, Number("viewers", 50));
        return 0;
    case "serve-load":
        Console.WriteLine($"{Machine.Description}.");
        ServeLoad.Run(Number("viewers", 50), Number("turns", 5), Number("seconds", 10));
        return 0;
    case "many-runs":
        new ManyRuns(
            Number("experiments", 100), Number("seeds", 20), Number("points", 10_000_000), options.GetValueOrDefault("database")).Run();
        return 0;
    case "evaluation-turns":
        EvaluationTurns.Run(options["weights"]);
        return 0;
    case "evaluation-memory":
        new EvaluationMemory(Number("n", 50_000), Number("width", 2048), Number("train", 0)).Run();
        return 0;
    case "verdict-size":
        VerdictSize.Run(Number("draws", 10_000));
        return 0;
    case "measuring-cost" when options.TryGetValue("batches", out var sizes):
        new MeasuringCost(options.GetValueOrDefault("folder", "."), Number("samples", 1_000)).Batches(
            [.. sizes.Split(',').Select(size => int.Parse(size, CultureInfo.InvariantCulture))], Number("turns", 3));
        return 0;
    case "measuring-cost" when options.ContainsKey("train"):
        new MeasuringCost(options.GetValueOrDefault("folder", "."), Number("samples", 1_000)).Searches(Number("train", 10_000), Number("turns", 3));
        return 0;
    case "measuring-cost":
        new MeasuringCost(options.GetValueOrDefault("folder", "."), Number("samples", 10_000)).Run();
        return 0;
    case "report-load":
        new ReportLoad(
            Number("arms", 30), Number("seeds", 6), Number("series", 20), Number("steps", 10_000), options.GetValueOrDefault("database")).Run();
        return 0;
    default:
        Console.Error.WriteLine("dotnet run --project benchmarks -- step-cost [rounds=7] [threads=N] [sizes=default,large]");
        Console.Error.WriteLine("dotnet run -c Release --project benchmarks -- loader [images=256] [threads=N]");
        Console.Error.WriteLine("dotnet run --project benchmarks -- memory [steps=2000] [variant=central] [threads=N]");
        Console.Error.WriteLine("dotnet run --project benchmarks -- evaluation-memory [n=50000] [width=2048] [train=0] [threads=N]");
        Console.Error.WriteLine("dotnet run --project benchmarks -- time-stability");
        Console.Error.WriteLine("dotnet run -c Release --project benchmarks -- measuring-cost [samples=10000] [batches=LIST] [train=N] [turns=N] [threads=N]");
        Console.Error.WriteLine("dotnet run --project benchmarks -- tracking [steps=1000] [threads=N]");
        Console.Error.WriteLine("dotnet run --project benchmarks -- many-runs [experiments=100] [seeds=20] [points=10000000] [database=FILE]");
        Console.Error.WriteLine("dotnet run --project benchmarks -- report-load [arms=30] [seeds=6] [series=20] [steps=10000] [database=FILE]");
        Console.Error.WriteLine("dotnet run --project benchmarks -- verdict-size [draws=10000]");
        Console.Error.WriteLine("dotnet run --project benchmarks -- serve-load [viewers=50] [turns=5] [seconds=10]");
        Console.Error.WriteLine("benchmarks/evaluation/compare.sh takes turns with evaluation-turns weights=FILE [threads=N]");
        return 2;
}
