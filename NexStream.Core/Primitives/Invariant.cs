using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace NexStream.Core.Primitives;

/// <summary>
/// What holds at a place of the code whatever peers and applications do. Checked in Debug and where <c>-p:CheckInvariants=true</c> asks for it, as for the
/// swarm; elsewhere the calls, and the evaluation of what they check, are not compiled. Where something is produced and where it is used both check it, so
/// that what goes wrong between is found near where it went wrong.
/// </summary>
internal static class Invariant
{
    /// <summary>Whether this build checks.</summary>
#if CHECK_INVARIANTS
    public static bool IsChecked => true;
#else
    public static bool IsChecked => false;
#endif

    /// <summary>Throws where the condition does not hold: a fault of the core, never of a peer or of a caller.</summary>
    /// <param name="condition">What has to hold.</param>
    /// <param name="because">The rule, as a sentence. A constant, so that checking allocates nothing.</param>
    /// <param name="expression">The condition's text; the compiler writes it.</param>
    [Conditional("CHECK_INVARIANTS")]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check(
        [DoesNotReturnIf(false)] bool condition, string because, [CallerArgumentExpression(nameof(condition))] string expression = "")
    {
        if (!condition)
        {
            Fail(because, expression);
        }
    }

    /// <summary>The same in every build, for checks that are called for their own sake.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Demand(
        [DoesNotReturnIf(false)] bool condition, string because, [CallerArgumentExpression(nameof(condition))] string expression = "")
    {
        if (!condition)
        {
            Fail(because, expression);
        }
    }

    [DoesNotReturn]
    private static void Fail(string because, string expression) => throw new InvariantException($"{because} Not so: {expression}");
}
