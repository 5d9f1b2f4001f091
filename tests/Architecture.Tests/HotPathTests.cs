using System.Text.RegularExpressions;

namespace Architecture.Tests;

/// <summary>
/// In a training step, a copy from the device to the host waits until the device has finished all work. The folders of the code that runs in a
/// step have only the copies that are listed here, and copies to the device are asynchronous (`Upload`).
/// </summary>
public sealed class HotPathTests
{
    private static readonly string[] Folders = ["Objectives", "Derivatives", "Paths", "Networks", "Training"];

    // File → why its copies do not make a step wait.
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["Derivatives/IntervalRows.cs"] = "once a step: the number of samples with r < t decides the shapes",
        ["Objectives/ILatentSource.cs"] = "once, when a file is opened, on the CPU",
        ["Paths/TimeSampler.cs"] = "constants on the CPU",
        ["Training/Checkpoint.cs"] = "for a checkpoint",
        ["Training/CurveWindow.cs"] = "for a report or a checkpoint",
    };

    [Fact]
    public void Only_listed_files_copy_from_the_device() =>
        Matches(@"\.item<|\.cpu\(\)|\.nonzero\(|\.data<|\.bytes\b|\.To(Single|Double|Int64|Boolean)\(\)|masked_select|argwhere|\.unique\(")
            .Select(match => match.File).Distinct().Should().BeSubsetOf(Allowed.Keys);

    [Fact]
    public void Every_listed_file_still_copies() => Matches(@"\.item<|\.cpu\(\)|\.nonzero\(|\.data<").Select(match => match.File).Distinct()
        .Should().Contain(Allowed.Keys);

    [Fact]
    public void Constants_reach_the_device_without_waiting() =>
        Matches(@"\btensor\(.*\bdevice: ?\w+\.(device|Device)\b").Where(match => !Allowed.ContainsKey(match.File)).Should().BeEmpty(
            "`tensor(…, device: …)` waits for the device: use `tensor(…).Upload(device)`");

    private static IEnumerable<(string File, string Line)> Matches(string pattern) =>
        from folder in Folders
        from path in Repository.Sources("src/MfRae.Lab.Learning/" + folder)
        from line in File.ReadLines(Path.Combine(Repository.Root, path))
        where !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && Regex.IsMatch(line, pattern)
        select (path["src/MfRae.Lab.Learning/".Length..], line.Trim());
}
