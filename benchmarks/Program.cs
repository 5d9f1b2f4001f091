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
    case "micro-batch" when options.TryGetValue("peak", out var way):
        Console.WriteLine(MicroBatchCost.Peak(way));
        return 0;
    case "micro-batch":
        MicroBatchCost.Run(Number("rounds", 3), threads);
        return 0;
    case "released-files":
        ReleasedFiles.Write(options["folder"], Number("side", 16));
        return 0;
    case "loader":
        new LoaderSpeed(Number("images", 256), threads).Run();
        return 0;
    case "memory":
        MemoryOverSteps.Run(options.GetValueOrDefault("variant", "central"), Number("steps", 2000));
        return 0;
    case "network-memory" when options.TryGetValue("case", out var part):
        Console.WriteLine(NetworkMemory.Measure(part));
        return 0;
    case "network-memory":
        new NetworkMemory(threads).Run();
        return 0;
    case "training-memory" when options.TryGetValue("case", out var measured):
        Console.WriteLine(new TrainingMemory(options["experiment"], threads).Measure(measured));
        return 0;
    case "training-memory":
        new TrainingMemory(options.GetValueOrDefault("experiment", "experiments/paper/imagenet256.json"), threads).Run(
            options.GetValueOrDefault("cases", TrainingMemory.Usual).Split(','));
        return 0;
    case "tracking":
        Console.WriteLine($"{Machine.Description}.");
        Console.WriteLine();
        LogCost.Run();
        Console.WriteLine();
        IngestCost.Run();
        Console.WriteLine();
        MachineCost.Run();
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
    case "checkpoint-cost":
        CheckpointCost.Run(1_000_000L * Number("millions", 200));
        return 0;
    case "load-memory" when options.TryGetValue("write", out var target):
        CheckpointCost.Write(1_000_000L * Number("millions", 500), target);
        return 0;
    case "load-memory" when options.TryGetValue("resume", out var checkpoints):
        CheckpointCost.Resume(1_000_000L * Number("millions", 125), checkpoints);
        return 0;
    case "load-memory":
        CheckpointCost.Load(options["file"]);
        return 0;
    case "sampling-memory":
        SamplingMemory.Run(options["folder"], Number("n", 50_000));
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
        Console.Error.WriteLine("dotnet run --project benchmarks -- micro-batch [rounds=3] [threads=N]");
        Console.Error.WriteLine("dotnet run -c Release --project benchmarks -- loader [images=256] [threads=N]");
        Console.Error.WriteLine("dotnet run --project benchmarks -- memory [steps=2000] [variant=central] [threads=N]");
        Console.Error.WriteLine("dotnet run -c Release --project benchmarks -- network-memory [threads=N]");
        Console.Error.WriteLine("dotnet run -c Release --project benchmarks -- training-memory [cases=STAGE:DEPTH:BATCH,…] [experiment=FILE] [threads=N]");
        Console.Error.WriteLine("dotnet run --project benchmarks -- evaluation-memory [n=50000] [width=2048] [train=0] [threads=N]");
        Console.Error.WriteLine("dotnet run -c Release --project benchmarks -- checkpoint-cost [millions=200] [threads=N]");
        Console.Error.WriteLine("dotnet run -c Release --project benchmarks -- load-memory write=FILE [millions=500], then file=FILE; or resume=FOLDER twice");
        Console.Error.WriteLine("dotnet run -c Release --project benchmarks -- sampling-memory folder=DIR [n=50000] [threads=N]");
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
