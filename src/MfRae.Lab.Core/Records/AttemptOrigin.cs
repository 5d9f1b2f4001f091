using System.Text.RegularExpressions;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Records;

/// <summary>The program, machine and command of an attempt, recorded once when it starts. None of these are options.</summary>
/// <param name="Tool">Version of the program, with the commit that it was built from if the build knew it.</param>
/// <param name="Numerics">The tensor library's packages with their versions; empty if the program has none.</param>
/// <param name="Processor">Model and number of logical processors.</param>
/// <param name="Accelerators">Models of the GPUs, if a GPU was used and its driver reports the model.</param>
/// <param name="Packages">Package → version, for all packages that the program was built from.</param>
/// <param name="Devices">The number of devices that the attempt used: one for each rank.</param>
/// <param name="Files">Path in the options → SHA-256 of the dataset or weights there (<see cref="Planning.StageDefinition.Files"/>).</param>
/// <param name="Flops">Estimated floating-point operations of the whole stage; null without a cost model.</param>
/// <param name="Run">The run that started the attempt, or null.</param>
public sealed record AttemptOrigin(
    string Tool,
    string System,
    string Runtime,
    string Numerics,
    string Processor,
    IReadOnlyList<string> Accelerators,
    IReadOnlyDictionary<string, string> Packages,
    int Devices,
    IReadOnlyDictionary<string, string> Files,
    double? Flops = null,
    RunOrigin? Run = null);

/// <summary>The command and source checkout of a run that started an attempt.</summary>
/// <param name="Command">The command line without secrets (<see cref="CommandText"/>).</param>
/// <param name="Commit">The commit of the checkout in which it was run, or null without a checkout.</param>
/// <param name="Patch">SHA-256 of the uncommitted changes of the checkout, which the store keeps; null without changes.</param>
public sealed record RunOrigin(string Command, string? Commit = null, string? Patch = null);

/// <summary>
/// Removes possible secrets from command lines before they are written. A name that only resembles that of a secret counts, because a
/// missing value in a record does less harm than a password in it.
/// </summary>
public static partial class CommandText
{
    /// <summary>The most characters of a command line; longer ones are truncated.</summary>
    public const int Longest = 10_000;

    private const string Hidden = "***";

    /// <summary>A command line without secrets.</summary>
    /// <param name="arguments">The arguments of the program.</param>
    /// <returns>One line, with single quotes around arguments that a shell would split or expand.</returns>
    public static string Of(IReadOnlyList<string> arguments)
    {
        var words = new List<string>();
        var secret = false;
        foreach (var argument in arguments)
        {
            words.Add(secret && !argument.StartsWith("--", StringComparison.Ordinal) ? Hidden : Quoted(Redacted(argument)));
            secret = SecretOption().IsMatch(argument);
        }

        var line = string.Join(' ', words);
        return line.Length <= Longest ? line : line[..Longest] + "…";
    }

    /// <summary>A line of a program's output without secrets; of `name=value`, the rest of the line is removed.</summary>
    public static string Redact(string line)
    {
        // Words and the white space between them, alternating.
        var words = Blank().Split(line);
        var secret = false;
        for (var i = 0; i < words.Length; i += 2)
        {
            var hide = secret && words[i].Length > 0 && !words[i].StartsWith("--", StringComparison.Ordinal);
            secret = SecretOption().IsMatch(words[i]);
            words[i] = hide ? Hidden : words[i];
        }

        return Redacted(string.Concat(words));
    }

    /// <summary>A command line for readers elsewhere: without the absolute paths of the machine, which say nothing there.</summary>
    /// <param name="line">A line from <see cref="Of"/>.</param>
    public static string WithoutPaths(string line) => AbsolutePath().Replace(line, "$1…");

    private static string Redacted(string argument)
    {
        var named = SecretValue().Replace(argument, $"$1{Hidden}");
        return UserInfo().Replace(Bearer().Replace(named, $"$1 {Hidden}"), $"$1{Hidden}@");
    }

    /// <summary>A word for a POSIX shell, in single quotes if a shell would split or expand it.</summary>
    public static string Quoted(string word) =>
        Plain().IsMatch(word) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private const string Sensitive = "(?:token|secret|passw|passphrase|key|credential|authorization)";

    // Everybody who has the address of a notification can write there.
    [GeneratedRegex(@"\A-{1,2}(?:notify|[^=\s]*" + Sensitive + @"[^=\s]*)\z", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex SecretOption();

    [GeneratedRegex(@"(\s+)")]
    private static partial Regex Blank();

    // A word, or the value of `name=value`, that begins like a path from the root of a file system; a quoted one up to its closing quote.
    [GeneratedRegex(@"((?:\A|\s)(?:[\w.-]+=)?)(?:'(?:[\w.-]+=)?(?:/|[A-Za-z]:[\\/])(?:[^']|'\\'')*'|(?:/|[A-Za-z]:[\\/])\S*)", RegexOptions.NonBacktracking)]
    private static partial Regex AbsolutePath();

    // The value of `name=value`: the rest of the text, or in the query of a URL, up to the next parameter.
    [GeneratedRegex(@"((?:\A|[?&;,\s{""'])(?:--notify|[^=?&;,\s]*" + Sensitive + @"[^=?&;,\s]*)=)[^&]*", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex SecretValue();

    [GeneratedRegex(@"\b(bearer|basic) +\S+", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Bearer();

    [GeneratedRegex(@"([a-z][a-z0-9+.-]*://)[^/?#\s]*@", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex UserInfo();

    [GeneratedRegex(@"\A[\w./:=,@%+-]+\z", RegexOptions.NonBacktracking)]
    private static partial Regex Plain();
}
